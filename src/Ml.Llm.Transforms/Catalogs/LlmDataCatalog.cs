using Microsoft.ML;

namespace Ml.Llm;

/// <summary>Reading text, removing duplicates, splitting: views over data. Reached as <c>mlContext.Llm.Data</c>.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed class LlmDataCatalog
{
    internal LlmDataCatalog(MLContext context) => Context = context;

    internal MLContext Context { get; }
}
