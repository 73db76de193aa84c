using Microsoft.ML;

namespace Ml.Llm;

/// <summary>The way from ML.NET's context into Ml.Llm.</summary>
/// <threadsafety>All members may be called from several threads at once.</threadsafety>
public static class MLContextExtensions
{
    /// <summary>Adds to ML.NET's context.</summary>
    /// <param name="ml">ML.NET's context.</param>
    extension(MLContext ml)
    {
        /// <summary>Everything of Ml.Llm. A program in a C# older than 14 writes <c>MLContextExtensions.get_Llm(ml)</c>.</summary>
        public LlmCatalog Llm => new(ml);
    }
}
