using System.Globalization;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using Ml.Llm.Persistence;
using Ml.Llm.Rows;

namespace Ml.Llm;

/// <summary>Adds a column with conversations in the form of a chat template, and where asked columns with their ids and the mask of what the assistant says. Made by <see cref="LlmTransformsCatalog.ApplyChatTemplate(LanguageModelTokenizer, ApplyChatTemplateOptions)"/>.</summary>
/// <remarks>A conversation that does not suit the template is an error that names the row. The tokenizer is saved with the transformer.</remarks>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed class ApplyChatTemplateTransformer : ITransformer
{
    internal const string Kind = "ApplyChatTemplate";

    private readonly BatchMapping mapping;
    private readonly ChatTemplateOptions rendering;

    internal ApplyChatTemplateTransformer(LanguageModelTokenizer tokenizer, ApplyChatTemplateOptions options)
    {
        options.Validate();
        Tokenizer = tokenizer;
        Options = options;
        rendering = new ChatTemplateOptions
        {
            AddGenerationPrompt = options.AddGenerationPrompt,
            ContinueFinalMessage = options.ContinueFinalMessage,
            Template = options.Template is { } text ? ChatTemplate.Parse(text) : null,
            TemplateName = options.TemplateName,
            Tools = options.Tools,
            Variables = options.Variables,
        };
        // A template that is missing or broken is an error here, before any row is read.
        rendering = rendering with { Template = tokenizer.ChosenChatTemplate(rendering) };
        mapping = new BatchMapping
        {
            Name = Kind,
            Inputs = [new MappedInput(options.InputColumnName, TextDataViewType.Instance)],
            Outputs = OutputsOf(options),
            BatchSize = 16,
            Compute = Compute,
        };
    }

    /// <summary>The tokenizer.</summary>
    public LanguageModelTokenizer Tokenizer { get; }

    /// <summary>How it writes conversations.</summary>
    public ApplyChatTemplateOptions Options { get; }

    /// <inheritdoc/>
    public bool IsRowToRowMapper => true;

    /// <inheritdoc/>
    /// <exception cref="DataFormatException">The input column is missing or is not text.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => mapping.MapperFor(inputSchema).OutputSchema;

    /// <summary>The rows with their texts, which are made when they are read.</summary>
    /// <param name="input">The rows.</param>
    /// <returns>A view that streams. Reading it throws a <see cref="DataFormatException"/> at a conversation that is none or does not suit the template.</returns>
    /// <exception cref="DataFormatException">The input column is missing or is not text.</exception>
    public IDataView Transform(IDataView input) => mapping.Transform(input);

    /// <inheritdoc/>
    /// <exception cref="DataFormatException">The input column is missing or is not text.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => mapping.MapperFor(inputSchema);

    void ICanSaveModel.Save(ModelSaveContext ctx) => ComponentZip.Save(
        ctx, Kind, JsonSerializer.Serialize(new SavedOptions(Options, SavedTokenizer.NamesOf(Tokenizer))), streams => SavedTokenizer.Write(streams, Tokenizer));

    internal static DataViewSchema.DetachedColumn[] OutputsOf(ApplyChatTemplateOptions options)
    {
        var ids = new VectorDataViewType(NumberDataViewType.Int32);
        return
        [
            new(options.OutputColumnName, TextDataViewType.Instance),
            .. ((string?[])[options.InputIdsColumnName, options.AssistantMasksColumnName]).OfType<string>().Select(name => new DataViewSchema.DetachedColumn(name, ids)),
        ];
    }

    internal static ApplyChatTemplateTransformer Load(string settings, ComponentStreams streams)
    {
        var saved = ComponentSettings.Read<SavedOptions>(settings);
        return new ApplyChatTemplateTransformer(SavedTokenizer.Read(streams, saved.TokenizerFiles), saved.Options);
    }

    private void Compute(BatchRows rows, BatchResults results)
    {
        var conversations = rows.Values<ReadOnlyMemory<char>>(0);
        var texts = new ReadOnlyMemory<char>[rows.Count];
        var ids = new VBuffer<int>[rows.Count];
        var masks = new VBuffer<int>[rows.Count];
        // Without columns of ids there is nothing to encode.
        var encodes = Enumerable.Range(1, mapping.Outputs.Count - 1).Any(results.IsWanted);
        for (var row = 0; row < texts.Length; row++)
        {
            var conversation = conversations[row].ToString();
            if (!encodes)
            {
                texts[row] = Apply(() => Tokenizer.ApplyChatTemplate(conversation, rendering), rows.FirstPosition + row).AsMemory();
                continue;
            }

            var encoding = Apply(() => Tokenizer.EncodeChat(conversation, rendering), rows.FirstPosition + row);
            texts[row] = encoding.Text.AsMemory();
            ids[row] = new VBuffer<int>(encoding.Ids.Count, [.. encoding.Ids]);
            masks[row] = new VBuffer<int>(encoding.AssistantMask.Count, [.. encoding.AssistantMask]);
        }

        results.Set(0, texts);
        var output = 1;
        if (Options.InputIdsColumnName is not null)
            results.Set(output++, ids);
        if (Options.AssistantMasksColumnName is not null)
            results.Set(output, masks);
    }

    private T Apply<T>(Func<T> apply, long row)
    {
        try
        {
            return apply();
        }
        catch (LlmException problem) when (problem is ChatTemplateException or DataFormatException)
        {
            throw new DataFormatException(
                string.Create(CultureInfo.InvariantCulture, $"Row {row} of column '{Options.InputColumnName}' cannot be written as a conversation: {problem.Message}"),
                Options.InputColumnName,
                row);
        }
    }

    private sealed record SavedOptions(ApplyChatTemplateOptions Options, string[] TokenizerFiles);
}
