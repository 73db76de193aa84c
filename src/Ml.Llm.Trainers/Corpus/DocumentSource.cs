using Microsoft.ML;
using Microsoft.ML.Data;

namespace Ml.Llm.Data;

/// <summary>The documents of a column, a row each: text, or vectors of Int32 that are token ids.</summary>
/// <threadsafety>One reading at a time.</threadsafety>
internal sealed class DocumentSource
{
    private readonly IDataView data;
    private readonly DataViewSchema.Column? ids;
    private readonly TextColumnReader? texts;

    /// <summary>Checks the column; no row is read yet.</summary>
    /// <exception cref="DataFormatException">There is no such column, or it is neither text nor a vector of Int32.</exception>
    internal DocumentSource(IDataView data, string columnName, string user)
    {
        ArgumentNullException.ThrowIfNull(data);
        this.data = data;
        if (data.Schema.GetColumnOrNull(columnName) is { Type: VectorDataViewType vector } column && vector.ItemType.Equals(NumberDataViewType.Int32))
            ids = column;
        else
            texts = new TextColumnReader(data, columnName, user);
    }

    /// <summary>Rows read in the last reading.</summary>
    internal long Rows { get; private set; }

    /// <summary>Rows of the last reading that were empty or null, and so hold no document.</summary>
    internal long EmptyRows { get; private set; }

    /// <summary>The documents in the order of the rows. Every enumeration reads the data anew.</summary>
    internal IEnumerable<Document> Read() => texts is null ? ReadIds() : ReadTexts();

    private IEnumerable<Document> ReadTexts()
    {
        foreach (var text in texts!.Read())
        {
            (Rows, EmptyRows) = (texts.Rows, texts.EmptyRows);
            yield return new Document(texts.Rows - 1, text, null);
        }

        (Rows, EmptyRows) = (texts.Rows, texts.EmptyRows);
    }

    private IEnumerable<Document> ReadIds()
    {
        (Rows, EmptyRows) = (0, 0);
        var column = ids!.Value;
        using var cursor = data.GetRowCursor([column]);
        var getter = cursor.GetGetter<VBuffer<int>>(column);
        VBuffer<int> value = default;
        while (cursor.MoveNext())
        {
            getter(ref value);
            Rows++;
            if (value.Length == 0)
                EmptyRows++;
            else
                yield return new Document(Rows - 1, null, [.. value.DenseValues()]);
        }
    }
}
