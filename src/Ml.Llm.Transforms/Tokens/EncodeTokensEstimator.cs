using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Tokenizers;
using Ml.Llm.Hosting;

namespace Ml.Llm;

/// <summary>Makes an <see cref="EncodeTokensTransformer"/>; nothing is learnt from the data. Made by <see cref="LlmTransformsCatalog.EncodeTokens(Tokenizer, EncodeTokensOptions)"/>.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed class EncodeTokensEstimator : IEstimator<EncodeTokensTransformer>
{
    private readonly IHostEnvironment environment;
    private readonly Tokenizer tokenizer;
    private readonly EncodeTokensOptions options;

    internal EncodeTokensEstimator(IHostEnvironment environment, Tokenizer tokenizer, EncodeTokensOptions options)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        OtherTokenizer.Check(tokenizer, options);
        (this.environment, this.tokenizer, this.options) = (environment, tokenizer, options);
    }

    /// <inheritdoc/>
    /// <exception cref="DataFormatException">A column that is read is missing or is not text.</exception>
    public EncodeTokensTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        foreach (var name in EncodeTokensTransformer.InputsOf(options))
            input.Schema.Require(name, TextDataViewType.Instance, EncodeTokensTransformer.Kind);
        return new EncodeTokensTransformer(environment, tokenizer, options);
    }

    /// <inheritdoc/>
    /// <exception cref="DataFormatException">A column that is read is missing or is not text.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        foreach (var name in EncodeTokensTransformer.InputsOf(options))
            inputSchema.Require(name, TextDataViewType.Instance, EncodeTokensTransformer.Kind);
        return inputSchema.With(EncodeTokensTransformer.OutputsOf(options));
    }
}
