namespace Ml.Llm;

/// <summary>Where training stands after a step; given to <see cref="TrainingOptions.Progress"/>.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed record TrainingProgress
{
    /// <summary>The steps done, the one just ended included.</summary>
    public required long Step { get; init; }

    /// <summary>The steps of the whole training.</summary>
    public required long MaxSteps { get; init; }

    /// <summary>How many times the data was gone through; 0.5 is half of it.</summary>
    public required double Epoch { get; init; }

    /// <summary>The mean loss a token of this step, in nats.</summary>
    public required double Loss { get; init; }

    /// <summary>The learning rate of this step's update.</summary>
    public required double LearningRate { get; init; }

    /// <summary>The L2 norm of all gradients of this step, before clipping.</summary>
    public required double GradientNorm { get; init; }

    /// <summary>The tokens predicted in this step.</summary>
    public required long StepTokens { get; init; }

    /// <summary>The tokens predicted since training began, earlier runs that were resumed included.</summary>
    public required long Tokens { get; init; }

    /// <summary>Tokens a second over the last steps, without evaluation and checkpoints.</summary>
    public required double TokensPerSecond { get; init; }

    /// <summary>The time since this run's first step began.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>The time that the steps left will take at the present rate, without evaluation and checkpoints.</summary>
    public required TimeSpan Remaining { get; init; }

    /// <summary>The held-out loss a token in nats, where this step was followed by an evaluation; else null.</summary>
    public double? ValidationLoss { get; init; }

    /// <summary>exp(<see cref="ValidationLoss"/>): the held-out perplexity a token; null where that is null.</summary>
    public double? ValidationPerplexity => ValidationLoss is { } loss ? Math.Exp(loss) : null;

    /// <summary>The least held-out loss so far, or null before the first evaluation.</summary>
    public double? BestValidationLoss { get; init; }
}
