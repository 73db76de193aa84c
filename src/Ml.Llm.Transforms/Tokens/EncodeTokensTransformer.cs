using System.Globalization;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Tokenizers;
using Ml.Llm.Hosting;
using Ml.Llm.Persistence;
using Ml.Llm.Rows;

namespace Ml.Llm;

/// <summary>
/// Adds columns with the tokens of a column of text: ids, and where they are asked for attention mask, type ids and offsets.
/// Made by <see cref="LlmTransformsCatalog.EncodeTokens(Tokenizer, EncodeTokensOptions)"/>.
/// </summary>
/// <remarks>Rows are read ahead and encoded in batches, in parallel, and only when a column is read. A <see cref="LanguageModelTokenizer"/> is saved
/// with it; with another one, saving is a <see cref="NotSupportedException"/> that names its type.</remarks>
/// <threadsafety>All members may be called from several threads at once.</threadsafety>
public sealed class EncodeTokensTransformer : ITransformer
{
    internal const string Kind = "EncodeTokens";

    private readonly BatchMapping mapping;
    private readonly ComponentHost host;
    private long truncatedRows;

    internal EncodeTokensTransformer(IHostEnvironment environment, Tokenizer tokenizer, EncodeTokensOptions options)
    {
        options.Validate();
        Tokenizer = tokenizer;
        Options = options;
        host = new ComponentHost(environment, Kind);
        mapping = new BatchMapping
        {
            Name = Kind,
            Inputs = [.. InputsOf(options).Select(static name => new MappedInput(name, TextDataViewType.Instance))],
            Outputs = OutputsOf(options),
            BatchSize = 256,
            Compute = Compute,
        };
    }

    /// <summary>The tokenizer.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>How it encodes.</summary>
    public EncodeTokensOptions Options { get; }

    /// <summary>How many rows have been cut to <see cref="EncodeTokensOptions.MaxLength"/> so far, over all readings. The first of them is told in the log.</summary>
    public long TruncatedRows => Interlocked.Read(ref truncatedRows);

    /// <inheritdoc/>
    public bool IsRowToRowMapper => true;

    /// <inheritdoc/>
    /// <exception cref="DataFormatException">A column that is read is missing or is not text.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => mapping.MapperFor(inputSchema).OutputSchema;

    /// <inheritdoc/>
    /// <exception cref="DataFormatException">A column that is read is missing or is not text.</exception>
    public IDataView Transform(IDataView input) => mapping.Transform(input);

    /// <inheritdoc/>
    /// <exception cref="DataFormatException">A column that is read is missing or is not text.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => mapping.MapperFor(inputSchema);

    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        var saved = SavedTokenizer.Of(Tokenizer, Kind);
        ComponentZip.Save(ctx, Kind, JsonSerializer.Serialize(new SavedOptions(Options, SavedTokenizer.NamesOf(saved))), streams => SavedTokenizer.Write(streams, saved));
    }

    internal static IEnumerable<string> InputsOf(EncodeTokensOptions options) =>
        options.PairColumnName is { } pair ? [options.InputColumnName, pair] : [options.InputColumnName];

    internal static DataViewSchema.DetachedColumn[] OutputsOf(EncodeTokensOptions options)
    {
        var length = options.PadToMaxLength ? options.MaxLength!.Value : 0; // 0: each row has its own
        return
        [
            .. options.Outputs().Select(name => new DataViewSchema.DetachedColumn(
                name, new VectorDataViewType(NumberDataViewType.Int32, name == options.OffsetsColumnName ? checked(2 * length) : length))),
        ];
    }

    internal static EncodeTokensTransformer Load(IHostEnvironment environment, string settings, ComponentStreams streams)
    {
        var saved = ComponentSettings.Read<SavedOptions>(settings);
        return new EncodeTokensTransformer(environment, SavedTokenizer.Read(streams, saved.TokenizerFiles), saved.Options);
    }

    private void Compute(BatchRows rows, BatchResults results)
    {
        var encodings = Encode(rows);
        NoteTruncated(encodings, rows.FirstPosition);
        var output = 0;
        Add(static encoding => encoding.Ids);
        if (Options.AttentionMaskColumnName is not null)
            Add(static encoding => encoding.AttentionMask);
        if (Options.TokenTypeIdsColumnName is not null)
            Add(static encoding => encoding.TypeIds);
        if (Options.OffsetsColumnName is not null)
            Add(static encoding => encoding.Offsets);

        void Add(Func<TokenEncoding, IReadOnlyList<int>> list)
        {
            var index = output++;
            if (!results.IsWanted(index))
                return;
            var column = new VBuffer<int>[encodings.Count];
            for (var row = 0; row < column.Length; row++)
            {
                int[] values = [.. list(encodings[row])];
                column[row] = new VBuffer<int>(values.Length, values);
            }

            results.Set(index, column);
        }
    }

    private IReadOnlyList<TokenEncoding> Encode(BatchRows rows)
    {
        var texts = Array.ConvertAll(rows.Values<ReadOnlyMemory<char>>(0).ToArray(), static text => text.ToString());
        if (Tokenizer is not LanguageModelTokenizer ours)
            return Array.ConvertAll(texts, text => OtherTokenizer.Encode(Tokenizer, text, Options));
        if (Options.PairColumnName is null)
            return ours.EncodeBatch(texts, Options.ToEncoding());
        var pairs = Array.ConvertAll(rows.Values<ReadOnlyMemory<char>>(1).ToArray(), static text => text.ToString());
        return ours.EncodeBatch([.. texts.Zip(pairs)], Options.ToEncoding());
    }

    private void NoteTruncated(IReadOnlyList<TokenEncoding> encodings, long firstRow)
    {
        for (var row = 0; row < encodings.Count; row++)
        {
            if (encodings[row].Overflowing.Count > 0 && Interlocked.Increment(ref truncatedRows) == 1)
            {
                host.Warning(string.Create(CultureInfo.InvariantCulture,
                    $"Row {firstRow + row} has more than {encodings[row].Ids.Count} tokens and was cut; {nameof(TruncatedRows)} counts further ones. Raise {nameof(EncodeTokensOptions.MaxLength)} where nothing may be lost."));
            }
        }
    }

    private sealed record SavedOptions(EncodeTokensOptions Options, string[] TokenizerFiles);
}
