using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Tokenizers;
using Ml.Llm.Hosting;

namespace Ml.Llm;

/// <summary>Makes a <see cref="DecodeTokensTransformer"/>; nothing is learnt from the data. Made by <see cref="LlmTransformsCatalog.DecodeTokens(Tokenizer, DecodeTokensOptions)"/>.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed class DecodeTokensEstimator : IEstimator<DecodeTokensTransformer>
{
    private readonly Tokenizer tokenizer;
    private readonly DecodeTokensOptions options;

    internal DecodeTokensEstimator(Tokenizer tokenizer, DecodeTokensOptions options)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        OtherTokenizer.Check(tokenizer, options);
        (this.tokenizer, this.options) = (tokenizer, options);
    }

    /// <inheritdoc/>
    /// <exception cref="DataFormatException">The input column is missing or is no vector of Int32.</exception>
    public DecodeTokensTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        input.Schema.RequireVector(options.InputColumnName, NumberDataViewType.Int32, DecodeTokensTransformer.Kind);
        return new DecodeTokensTransformer(tokenizer, options);
    }

    /// <inheritdoc/>
    /// <exception cref="DataFormatException">The input column is missing or is no vector of Int32.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        inputSchema.RequireVector(options.InputColumnName, NumberDataViewType.Int32, DecodeTokensTransformer.Kind);
        return inputSchema.With([DecodeTokensTransformer.OutputOf(options)]);
    }
}
