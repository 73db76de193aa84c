using Microsoft.ML;
using Microsoft.ML.Data;
using Ml.Llm.Hosting;

namespace Ml.Llm;

/// <summary>Makes a <see cref="CleanTextTransformer"/>; nothing is learnt from the data. Made by <see cref="LlmTransformsCatalog.CleanText(CleanTextOptions)"/>.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed class CleanTextEstimator : IEstimator<CleanTextTransformer>
{
    private readonly CleanTextOptions options;

    internal CleanTextEstimator(CleanTextOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        this.options = options;
    }

    /// <inheritdoc/>
    /// <exception cref="DataFormatException">The input column is missing or is not text.</exception>
    public CleanTextTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        input.Schema.Require(options.InputColumnName, TextDataViewType.Instance, CleanTextTransformer.Kind);
        return new CleanTextTransformer(options);
    }

    /// <inheritdoc/>
    /// <exception cref="DataFormatException">The input column is missing or is not text.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        inputSchema.Require(options.InputColumnName, TextDataViewType.Instance, CleanTextTransformer.Kind);
        return inputSchema.With([CleanTextTransformer.OutputOf(options)]);
    }
}
