using System.Globalization;

namespace Ml.Llm;

/// <summary>
/// Training stopped because a loss or a gradient was NaN or infinite. The step that failed changed no weight, and with a
/// checkpoint folder the state before it was written as a checkpoint.
/// </summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed class NonFiniteLossException : LlmException, IDisposable
{
    internal NonFiniteLossException(long step, double loss, double gradientNorm, LanguageModel? lastGoodModel = null)
        : base(string.Create(CultureInfo.InvariantCulture,
            $"Step {step} gave a loss of {loss} and a gradient norm of {gradientNorm}: training stopped before its update. Lower LearningRate, lengthen the warm-up, keep MaxGradNorm on, or look for broken rows and weights."))
    {
        Step = step;
        Loss = loss;
        GradientNorm = gradientNorm;
        LastGoodModel = lastGoodModel;
    }

    /// <summary>The step that failed, counted from 1.</summary>
    public long Step { get; }

    /// <summary>Its loss.</summary>
    public double Loss { get; }

    /// <summary>The L2 norm of its gradients; NaN where the loss itself was not finite.</summary>
    public double GradientNorm { get; }

    /// <summary>
    /// The model with the least held-out loss so far, or before the first evaluation as it stood before the failed step. Null where
    /// the trainer has none to give. It is the catcher's to dispose, or this exception's <see cref="Dispose"/>.
    /// </summary>
    public LanguageModel? LastGoodModel { get; }

    /// <summary>Disposes <see cref="LastGoodModel"/>.</summary>
    public void Dispose() => LastGoodModel?.Dispose();
}

/// <summary>A checkpoint folder belongs to another run: other data, tokenizer, model, options or seed.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed class CheckpointMismatchException : LlmException
{
    internal CheckpointMismatchException(string checkpoint, IReadOnlyList<string> differences)
        : base($"{checkpoint}: this checkpoint is of another run, so it cannot be resumed: {string.Join("; ", differences)}. "
            + "Restore what differs, or train into another CheckpointFolder.") => Differences = differences;

    /// <summary>What differs, each with the checkpoint's value and the present one.</summary>
    public IReadOnlyList<string> Differences { get; }
}
