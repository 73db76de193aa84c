using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Ml.Llm.Data;
using Ml.Llm.Hosting;
using Ml.Llm.Rows;

namespace Ml.Llm;

/// <summary>Reading text, removing duplicates, splitting: views over data. Reached as <c>mlContext.Llm.Data</c>.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed class LlmDataCatalog
{
    internal LlmDataCatalog(MLContext context) => Context = context;

    internal MLContext Context { get; }

    /// <summary>Reads text files as a view with one column, <c>Text</c>, a document a row.</summary>
    /// <param name="path">
    /// A file; a folder, which means every .txt file in it and below; or a pattern whose last part has * or ?, such as
    /// <c>texts/*.md</c>, or <c>texts/**/*.md</c> for the folders below too. Files are read in the ordinal order of their paths.
    /// </param>
    /// <param name="documentPerLine">
    /// False (the default): blank lines part documents, and the lines of one are joined by LF. True: every line that is not
    /// blank is a document.
    /// </param>
    /// <returns>A view that streams: every reading opens the files anew, and one document is held at a time. It cannot shuffle.</returns>
    /// <remarks>
    /// The files are found now and read later. They must be UTF-8, with or without a byte order mark; where one is not, reading
    /// throws a <see cref="DataFormatException"/> that names the file, the line and the byte.
    /// </remarks>
    /// <exception cref="FileNotFoundException">There is no such file, or no file fits the pattern.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    public IDataView LoadText(string path, bool documentPerLine = false)
    {
        var files = TextFileSearch.Find(path);
        return new TextSequenceView(TextFileReader.Read(files, documentPerLine), "Text");
    }

    /// <summary>Leaves out every row whose text equals that of an earlier row, character by character.</summary>
    /// <param name="data">The rows.</param>
    /// <param name="columnName">The column of text that is compared.</param>
    /// <param name="counted">Told once, at the end of the first whole reading, how many rows were read and left out. The log says it too.</param>
    /// <returns>
    /// A view that streams. A reading keeps 16 bytes a distinct text (a hash of 128 bits) and at most 12 for growing, not the
    /// texts. The first of equal rows stays, so the view does not shuffle.
    /// </returns>
    /// <exception cref="DataFormatException">The column is missing or is not text.</exception>
    public IDataView RemoveDuplicates(IDataView data, string columnName, Action<RowCounts>? counted = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        var column = data.Schema.Require(columnName, TextDataViewType.Instance, nameof(RemoveDuplicates));
        var host = new ComponentHost(Context, nameof(RemoveDuplicates));
        return new RowFilterView(data, column, Test, canShuffle: false, (rows, leftOut) =>
        {
            host.Info(string.Create(CultureInfo.InvariantCulture,
                $"{leftOut} of {rows} rows were left out: their '{columnName}' equals that of an earlier row."));
            counted?.Invoke(new RowCounts(rows, leftOut));
        });

        static Predicate<ReadOnlyMemory<char>> Test()
        {
            var seen = new FingerprintSet();
            return text => seen.Add(TextFingerprint.Of(text.Span));
        }
    }

    /// <summary>
    /// Splits rows by a hash of a column of text: a row falls on the same side in every run and on every system, wherever it
    /// stands, and rows with equal text fall together. Split by the document itself, or by a column that groups related
    /// documents, so that none of a group is on the other side.
    /// </summary>
    /// <param name="data">The rows.</param>
    /// <param name="columnName">The column of text that is hashed: the document or its group.</param>
    /// <param name="testFraction">The part of the distinct texts that goes to the test set (default 0.1; above 0 and below 1). Few or uneven groups can be far from it.</param>
    /// <param name="seed">Another number gives another split (default 0).</param>
    /// <returns>Two views that stream.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The fraction is not above 0 and below 1.</exception>
    /// <exception cref="DataFormatException">The column is missing or is not text.</exception>
    public TrainTestViews SplitByHash(IDataView data, string columnName, double testFraction = 0.1, int seed = 0)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (testFraction is not (> 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(testFraction), testFraction, "The fraction must be above 0 and below 1.");
        var column = data.Schema.Require(columnName, TextDataViewType.Instance, nameof(SplitByHash));
        var host = new ComponentHost(Context, nameof(SplitByHash));
        var bound = (ulong)(testFraction * ulong.MaxValue);
        return new TrainTestViews(Side("train", test: false), Side("test", test: true));

        RowFilterView Side(string name, bool test) => new(
            data,
            column,
            () => text => (ulong)TextFingerprint.Of(text.Span, seed) < bound == test,
            canShuffle: true,
            (rows, leftOut) => host.Info(string.Create(CultureInfo.InvariantCulture, $"{rows - leftOut} of {rows} rows are in the {name} set.")));
    }
}

/// <summary>How many rows a view read and left out.</summary>
/// <param name="Rows">The rows read.</param>
/// <param name="LeftOut">Those of them that were left out.</param>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed record RowCounts(long Rows, long LeftOut);

/// <summary>The two sides of a split. See <see cref="LlmDataCatalog.SplitByHash"/>.</summary>
/// <param name="TrainSet">The rows to train on.</param>
/// <param name="TestSet">The rows held out.</param>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed record TrainTestViews(IDataView TrainSet, IDataView TestSet);
