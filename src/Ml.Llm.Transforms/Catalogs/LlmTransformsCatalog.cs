using Microsoft.ML;

namespace Ml.Llm;

/// <summary>Estimators that need no training. Reached as <c>mlContext.Llm.Transforms</c>.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed class LlmTransformsCatalog
{
    internal LlmTransformsCatalog(MLContext context) => Context = context;

    internal MLContext Context { get; }

    /// <summary>
    /// Cleans a column of text: control characters go, line breaks become LF, runs of white space shrink, Unicode is brought
    /// to normal form C. See <see cref="CleanTextOptions"/> for each step and its default.
    /// </summary>
    /// <param name="outputColumnName">The column that is added; the input's name hides the input.</param>
    /// <param name="inputColumnName">The column of text that is read; null takes the output's name.</param>
    /// <returns>An estimator; its Fit reads no row.</returns>
    public CleanTextEstimator CleanText(string outputColumnName, string? inputColumnName = null) =>
        CleanText(new CleanTextOptions { InputColumnName = inputColumnName ?? outputColumnName, OutputColumnName = outputColumnName });

    /// <summary>Cleans a column of text.</summary>
    /// <param name="options">What is cleaned, and how.</param>
    /// <returns>An estimator; its Fit reads no row.</returns>
    /// <exception cref="ArgumentException">An option is not usable; the message names it.</exception>
    public CleanTextEstimator CleanText(CleanTextOptions options) => new(options);
}
