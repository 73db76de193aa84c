using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using Ml.Llm.Cleaning;
using Ml.Llm.Persistence;
using Ml.Llm.Rows;

namespace Ml.Llm;

/// <summary>Adds a column with the cleaned text of another. Made by <see cref="LlmTransformsCatalog.CleanText(CleanTextOptions)"/>.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed class CleanTextTransformer : ITransformer
{
    internal const string Kind = "CleanText";

    private readonly BatchMapping mapping;

    internal CleanTextTransformer(CleanTextOptions options)
    {
        options.Validate();
        Options = options;
        var cleaner = new TextCleaner(options);
        mapping = new BatchMapping
        {
            Name = Kind,
            Inputs = [new MappedInput(options.InputColumnName, TextDataViewType.Instance)],
            Outputs = [OutputOf(options)],
            BatchSize = 16,
            Compute = (rows, results) =>
            {
                var texts = rows.Values<ReadOnlyMemory<char>>(0);
                var cleaned = new ReadOnlyMemory<char>[rows.Count];
                for (var row = 0; row < cleaned.Length; row++)
                    cleaned[row] = cleaner.Clean(texts[row].Span).AsMemory();
                results.Set(0, cleaned);
            },
        };
    }

    /// <summary>How it cleans.</summary>
    public CleanTextOptions Options { get; }

    /// <inheritdoc/>
    public bool IsRowToRowMapper => true;

    /// <inheritdoc/>
    /// <exception cref="DataFormatException">The input column is missing or is not text.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => mapping.MapperFor(inputSchema).OutputSchema;

    /// <inheritdoc/>
    /// <exception cref="DataFormatException">The input column is missing or is not text.</exception>
    public IDataView Transform(IDataView input) => mapping.Transform(input);

    /// <inheritdoc/>
    /// <exception cref="DataFormatException">The input column is missing or is not text.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => mapping.MapperFor(inputSchema);

    void ICanSaveModel.Save(ModelSaveContext ctx) => ComponentZip.Save(ctx, Kind, JsonSerializer.Serialize(Options));

    internal static DataViewSchema.DetachedColumn OutputOf(CleanTextOptions options) => new(options.OutputName, TextDataViewType.Instance);

    internal static CleanTextTransformer Load(string settings) => new(ComponentSettings.Read<CleanTextOptions>(settings));
}
