using Microsoft.ML;
using Microsoft.ML.Data;
using Ml.Llm.Hosting;

namespace Ml.Llm.Data;

/// <summary>Reads a text column of a view as a stream of strings and counts the rows that hold no text.</summary>
/// <remarks>ML.NET does not tell a null text from an empty one, so both count as empty.</remarks>
/// <threadsafety>One reading at a time: the counts are those of the reading under way, or of the last one.</threadsafety>
internal sealed class TextColumnReader
{
    private readonly IDataView data;
    private readonly DataViewSchema.Column column;

    /// <summary>Checks the column; no row is read yet.</summary>
    /// <param name="data">The view.</param>
    /// <param name="columnName">A column of text.</param>
    /// <param name="user">Who reads, for error messages, such as "CausalLanguageModel".</param>
    /// <exception cref="DataFormatException">There is no such column, or it is not text.</exception>
    public TextColumnReader(IDataView data, string columnName, string user)
    {
        ArgumentNullException.ThrowIfNull(data);
        this.data = data;
        column = data.Schema.Require(columnName, TextDataViewType.Instance, user);
    }

    /// <summary>Rows read so far, empty ones included.</summary>
    public long Rows { get; private set; }

    /// <summary>Rows read so far whose text is empty or null.</summary>
    public long EmptyRows { get; private set; }

    /// <summary>The texts in the order of the rows, without the empty ones. Every enumeration reads the view anew.</summary>
    public IEnumerable<string> Read()
    {
        Rows = 0;
        EmptyRows = 0;
        using var cursor = data.GetRowCursor([column]);
        var getter = cursor.GetGetter<ReadOnlyMemory<char>>(column);
        ReadOnlyMemory<char> text = default;
        while (cursor.MoveNext())
        {
            getter(ref text);
            Rows++;
            if (text.IsEmpty)
                EmptyRows++;
            else
                yield return text.ToString();
        }
    }
}
