using Microsoft.ML;

namespace Ml.Llm;

/// <summary>Everything of Ml.Llm, by what it is for. Reached as <c>mlContext.Llm</c>.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed class LlmCatalog
{
    internal LlmCatalog(MLContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        Data = new LlmDataCatalog(context);
        Tokenizers = new LlmTokenizersCatalog(context);
        Transforms = new LlmTransformsCatalog(context);
        Trainers = new LlmTrainersCatalog(context);
        Evaluation = new LlmEvaluationCatalog(context);
    }

    /// <summary>Reading text, removing duplicates, splitting: views over data.</summary>
    public LlmDataCatalog Data { get; }

    /// <summary>Training of tokenizers.</summary>
    public LlmTokenizersCatalog Tokenizers { get; }

    /// <summary>Estimators that need no training.</summary>
    public LlmTransformsCatalog Transforms { get; }

    /// <summary>Trainers of language models. The package Ml.Llm.Trainers fills it.</summary>
    public LlmTrainersCatalog Trainers { get; }

    /// <summary>Metrics of language models.</summary>
    public LlmEvaluationCatalog Evaluation { get; }
}

/// <summary>Trainers of language models, added by the package Ml.Llm.Trainers. Reached as <c>mlContext.Llm.Trainers</c>.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed class LlmTrainersCatalog
{
    internal LlmTrainersCatalog(MLContext context) => Context = context;

    internal MLContext Context { get; }
}

/// <summary>Metrics of language models. Reached as <c>mlContext.Llm.Evaluation</c>.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed class LlmEvaluationCatalog
{
    internal LlmEvaluationCatalog(MLContext context) => Context = context;

    internal MLContext Context { get; }
}
