using System.Globalization;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Tokenizers;
using Ml.Llm.Persistence;
using Ml.Llm.Rows;

namespace Ml.Llm;

/// <summary>Adds a column with the text of a column of ids. Made by <see cref="LlmTransformsCatalog.DecodeTokens(Tokenizer, DecodeTokensOptions)"/>.</summary>
/// <remarks>An id that stands for no token is an error that names the row; other tokenizers than ours may pass it over. A
/// <see cref="LanguageModelTokenizer"/> is saved with the transformer; with another one, saving is a
/// <see cref="NotSupportedException"/> that names its type.</remarks>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed class DecodeTokensTransformer : ITransformer
{
    internal const string Kind = "DecodeTokens";

    private readonly BatchMapping mapping;

    internal DecodeTokensTransformer(Tokenizer tokenizer, DecodeTokensOptions options)
    {
        options.Validate();
        Tokenizer = tokenizer;
        Options = options;
        mapping = new BatchMapping
        {
            Name = Kind,
            Inputs = [new MappedInput(options.InputColumnName, NumberDataViewType.Int32, IsVector: true)],
            Outputs = [OutputOf(options)],
            Compute = Compute,
        };
    }

    /// <summary>The tokenizer.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>How it decodes.</summary>
    public DecodeTokensOptions Options { get; }

    /// <inheritdoc/>
    public bool IsRowToRowMapper => true;

    /// <inheritdoc/>
    /// <exception cref="DataFormatException">The input column is missing or is no vector of Int32.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => mapping.MapperFor(inputSchema).OutputSchema;

    /// <summary>The rows with their texts, which are decoded when they are read.</summary>
    /// <param name="input">The rows.</param>
    /// <returns>A view that streams. Reading it throws a <see cref="DataFormatException"/> at an id that stands for no token.</returns>
    /// <exception cref="DataFormatException">The input column is missing or is no vector of Int32.</exception>
    public IDataView Transform(IDataView input) => mapping.Transform(input);

    /// <inheritdoc/>
    /// <exception cref="DataFormatException">The input column is missing or is no vector of Int32.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => mapping.MapperFor(inputSchema);

    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        var saved = SavedTokenizer.Of(Tokenizer, Kind);
        ComponentZip.Save(ctx, Kind, JsonSerializer.Serialize(new SavedOptions(Options, SavedTokenizer.NamesOf(saved))), streams => SavedTokenizer.Write(streams, saved));
    }

    internal static DataViewSchema.DetachedColumn OutputOf(DecodeTokensOptions options) => new(options.OutputColumnName, TextDataViewType.Instance);

    internal static DecodeTokensTransformer Load(string settings, ComponentStreams streams)
    {
        var saved = ComponentSettings.Read<SavedOptions>(settings);
        return new DecodeTokensTransformer(SavedTokenizer.Read(streams, saved.TokenizerFiles), saved.Options);
    }

    private void Compute(BatchRows rows, BatchResults results)
    {
        var vectors = rows.Values<VBuffer<int>>(0);
        var texts = new ReadOnlyMemory<char>[rows.Count];
        for (var row = 0; row < texts.Length; row++)
        {
            int[] ids = [.. vectors[row].DenseValues()];
            texts[row] = (Tokenizer is LanguageModelTokenizer ours ? Decode(ours, ids, rows.FirstPosition + row)
                : OtherTokenizer.Decode(Tokenizer, ids, Options) ?? throw Unknown("an id", rows.FirstPosition + row)).AsMemory();
        }

        results.Set(0, texts);
    }

    private string Decode(LanguageModelTokenizer tokenizer, int[] ids, long row)
    {
        foreach (var id in ids)
        {
            if (tokenizer.TokenOf(id) is null)
                throw Unknown(string.Create(CultureInfo.InvariantCulture, $"the id {id}"), row);
        }

        return tokenizer.Decode(ids, Options.SkipSpecialTokens);
    }

    private DataFormatException Unknown(string id, long row) => new(
        string.Create(CultureInfo.InvariantCulture, $"Row {row} of column '{Options.InputColumnName}' has {id} which stands for no token of this tokenizer. Decode with the tokenizer that made the ids."),
        Options.InputColumnName,
        row);

    private sealed record SavedOptions(DecodeTokensOptions Options, string[] TokenizerFiles);
}
