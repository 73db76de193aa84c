using System.Globalization;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using Ml.Llm.Persistence;
using Ml.Llm.Rows;

namespace Ml.Llm;

/// <summary>Adds a column with conversations in the form of a chat template. Made by <see cref="LlmTransformsCatalog.ApplyChatTemplate(LanguageModelTokenizer, ApplyChatTemplateOptions)"/>.</summary>
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
            Outputs = [OutputOf(options)],
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

    internal static DataViewSchema.DetachedColumn OutputOf(ApplyChatTemplateOptions options) => new(options.OutputColumnName, TextDataViewType.Instance);

    internal static ApplyChatTemplateTransformer Load(string settings, ComponentStreams streams)
    {
        var saved = ComponentSettings.Read<SavedOptions>(settings);
        return new ApplyChatTemplateTransformer(SavedTokenizer.Read(streams, saved.TokenizerFiles), saved.Options);
    }

    private void Compute(BatchRows rows, BatchResults results)
    {
        var conversations = rows.Values<ReadOnlyMemory<char>>(0);
        var texts = new ReadOnlyMemory<char>[rows.Count];
        for (var row = 0; row < texts.Length; row++)
            texts[row] = Apply(conversations[row].ToString(), rows.FirstPosition + row).AsMemory();
        results.Set(0, texts);
    }

    private string Apply(string conversation, long row)
    {
        try
        {
            return Tokenizer.ApplyChatTemplate(conversation, rendering);
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
