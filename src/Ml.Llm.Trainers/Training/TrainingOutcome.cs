using System.Text.Json.Nodes;

namespace Ml.Llm.Training;

/// <summary>How a run ended.</summary>
/// <param name="Steps">The steps done.</param>
/// <param name="TotalSteps">The steps that were planned.</param>
/// <param name="Cancelled">Whether it was cancelled.</param>
/// <param name="Tokens">The tokens predicted.</param>
/// <param name="ValidationLoss">The last held-out loss, or null.</param>
/// <param name="BestLoss">The least held-out loss, or null.</param>
/// <param name="BestStep">The step of the least held-out loss.</param>
/// <param name="Precision">The precision that was computed in.</param>
internal sealed record TrainingOutcome(
    long Steps, long TotalSteps, bool Cancelled, long Tokens, double? ValidationLoss, double? BestLoss, long BestStep, Precision Precision)
{
    /// <summary>The facts that a trained model carries along.</summary>
    internal string ToJson() => new JsonObject
    {
        ["precision"] = PrecisionChoice.Name(Precision),
        ["threads"] = TorchEngine.Threads,
        ["steps"] = Steps,
        ["max_steps"] = TotalSteps,
        ["tokens"] = Tokens,
        ["eval_loss"] = ValidationLoss,
        ["best_eval_loss"] = BestLoss,
        ["best_step"] = BestLoss is null ? null : BestStep,
    }.ToJsonString();
}
