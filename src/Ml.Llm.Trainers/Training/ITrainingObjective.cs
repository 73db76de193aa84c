using Ml.Llm.Models;
using Ml.Llm.Models.Layers;
using static TorchSharp.torch;

namespace Ml.Llm.Training;

/// <summary>What a step of training is: which rows it takes, what their loss is, and how the model is evaluated.</summary>
/// <remarks>
/// <see cref="TrainingLoop"/> does everything else. An objective draws nothing of its own: rows of a step depend on seed and step
/// alone, so that the step is the whole of the data position that a checkpoint keeps.
/// </remarks>
/// <threadsafety>Used by one thread.</threadsafety>
internal interface ITrainingObjective
{
    /// <summary>The weights that are trained.</summary>
    ParameterSet Parameters { get; }

    /// <summary>Rows, inner and outer width of a product that most of the work consists of; Precision.Auto measures it.</summary>
    (long Rows, long Inner, long Outer) TypicalProduct { get; }

    /// <summary>Whether there is held-out data.</summary>
    bool CanEvaluate { get; }

    /// <summary>The number of steps that go so many times through the data.</summary>
    long StepsFor(double epochs);

    /// <summary>How many times the data was gone through after so many steps.</summary>
    double EpochAfter(long steps);

    /// <summary>The micro-batches of a step.</summary>
    /// <param name="step">The step, counted from 0.</param>
    IReadOnlyList<MicroBatch> Collate(long step);

    /// <summary>The loss of a micro-batch, ready for backward.</summary>
    /// <param name="batch">One of <see cref="Collate"/>'s.</param>
    /// <param name="scale">What the sum of the tokens' losses is multiplied by.</param>
    LossResult Loss(MicroBatch batch, double scale);

    /// <summary>Evaluates on the held-out data, without gradients.</summary>
    /// <exception cref="OperationCanceledException">Cancelled on the way.</exception>
    Evaluation Evaluate(CancellationToken cancellationToken);
}

/// <summary>Rows that go through the model together.</summary>
/// <param name="InputIds">[batch, length] int64.</param>
/// <param name="Labels">[batch, length] int64: the token that follows each place, or -100.</param>
/// <param name="LabelCount">The labels that are not -100.</param>
/// <param name="Layout">Which keys each query sees; null for whole rows.</param>
internal sealed record MicroBatch(Tensor InputIds, Tensor Labels, long LabelCount, AttentionLayout? Layout = null) : IDisposable
{
    public void Dispose()
    {
        InputIds.Dispose();
        Labels.Dispose();
    }
}

/// <summary>The summed loss of held-out tokens, in nats, and their number.</summary>
internal readonly record struct Evaluation(double Sum, long Tokens)
{
    /// <summary>The mean loss a token: every token counts alike, whatever batch it lies in.</summary>
    internal double Loss => Sum / Tokens;
}
