using Microsoft.ML;
using Microsoft.ML.Data;
using Ml.Llm.Hosting;

namespace Ml.Llm;

/// <summary>Makes an <see cref="ApplyChatTemplateTransformer"/>; nothing is learnt from the data. Made by <see cref="LlmTransformsCatalog.ApplyChatTemplate(LanguageModelTokenizer, ApplyChatTemplateOptions)"/>.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed class ApplyChatTemplateEstimator : IEstimator<ApplyChatTemplateTransformer>
{
    private readonly ApplyChatTemplateTransformer transformer;

    internal ApplyChatTemplateEstimator(LanguageModelTokenizer tokenizer, ApplyChatTemplateOptions options)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(options);
        transformer = new ApplyChatTemplateTransformer(tokenizer, options);
    }

    /// <inheritdoc/>
    /// <exception cref="DataFormatException">The input column is missing or is not text.</exception>
    public ApplyChatTemplateTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        input.Schema.Require(transformer.Options.InputColumnName, TextDataViewType.Instance, ApplyChatTemplateTransformer.Kind);
        return transformer;
    }

    /// <inheritdoc/>
    /// <exception cref="DataFormatException">The input column is missing or is not text.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        inputSchema.Require(transformer.Options.InputColumnName, TextDataViewType.Instance, ApplyChatTemplateTransformer.Kind);
        return inputSchema.With(ApplyChatTemplateTransformer.OutputsOf(transformer.Options));
    }
}
