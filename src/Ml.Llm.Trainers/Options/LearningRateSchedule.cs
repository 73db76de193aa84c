using System.Globalization;
using Ml.Llm.Training;

namespace Ml.Llm;

/// <summary>
/// How the learning rate runs over training: a factor on <see cref="TrainingOptions.LearningRate"/> for every step. All of them
/// begin with a linear warm-up from 0. The formulas are those of Hugging Face's schedulers of the same name.
/// </summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public abstract record LearningRateSchedule
{
    private protected LearningRateSchedule()
    {
    }

    /// <summary>Falls on a straight line from the full rate after the warm-up to 0 at the end (linear).</summary>
    public static LearningRateSchedule Linear { get; } = new LinearSchedule();

    /// <summary>Falls along half a cosine wave from the full rate after the warm-up to 0 at the end (cosine).</summary>
    public static LearningRateSchedule Cosine { get; } = new CosineSchedule();

    /// <summary>Stays at the full rate after the warm-up (constant_with_warmup; without warm-up, constant).</summary>
    public static LearningRateSchedule Constant { get; } = new ConstantSchedule();

    /// <summary>The factor on the learning rate for one step.</summary>
    /// <param name="step">The step, counted from 0: the first update uses step 0.</param>
    /// <param name="warmupSteps">The number of warm-up steps.</param>
    /// <param name="totalSteps">The number of steps of the whole training.</param>
    /// <returns>The factor, from 0 to 1. With a warm-up the first step's factor is 0.</returns>
    public double Factor(long step, long warmupSteps, long totalSteps)
    {
        if (step < warmupSteps)
            return (double)step / Math.Max(1, warmupSteps);
        return AfterWarmup((double)(step - warmupSteps) / Math.Max(1, totalSteps - warmupSteps));
    }

    /// <summary>Checks the schedule's own numbers.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range; the message names it.</exception>
    public virtual void Validate()
    {
    }

    /// <summary>The factor after the warm-up.</summary>
    /// <param name="progress">The share of the steps after the warm-up that lie behind; above 1 past the end.</param>
    internal abstract double AfterWarmup(double progress);

    /// <summary>Name and numbers, the same in every culture: what a checkpoint remembers of the schedule.</summary>
    internal abstract string Describe();
}

/// <summary>See <see cref="LearningRateSchedule.Linear"/>.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed record LinearSchedule : LearningRateSchedule
{
    internal override double AfterWarmup(double progress) => Math.Max(0, 1 - progress);

    internal override string Describe() => "linear";
}

/// <summary>See <see cref="LearningRateSchedule.Constant"/>.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed record ConstantSchedule : LearningRateSchedule
{
    internal override double AfterWarmup(double progress) => 1;

    internal override string Describe() => "constant_with_warmup";
}

/// <summary>See <see cref="LearningRateSchedule.Cosine"/>; with a floor (cosine_with_min_lr) and another number of waves where wanted.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed record CosineSchedule : LearningRateSchedule
{
    /// <summary>The number of cosine waves after the warm-up (num_cycles; default 0.5: from the top to 0).</summary>
    public double NumCycles { get; init; } = 0.5;

    /// <summary>The least share of the full rate (min_lr_rate; default 0, at most 1).</summary>
    public double MinLearningRateRatio { get; init; }

    /// <inheritdoc/>
    public override void Validate()
    {
        OptionChecks.Above(NumCycles, 0, nameof(NumCycles));
        OptionChecks.Within(MinLearningRateRatio, 0, 1, nameof(MinLearningRateRatio));
    }

    internal override double AfterWarmup(double progress)
    {
        var wave = Math.Max(0, 0.5 * (1 + Math.Cos(Math.PI * NumCycles * 2 * progress)));
        return (wave * (1 - MinLearningRateRatio)) + MinLearningRateRatio;
    }

    internal override string Describe() =>
        string.Create(CultureInfo.InvariantCulture, $"cosine(num_cycles={NumCycles:R}, min_lr_rate={MinLearningRateRatio:R})");
}
