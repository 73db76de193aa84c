using Ml.Llm.Training;

namespace Ml.Llm;

/// <summary>
/// How a trainer runs its steps; the same for every trainer. Names and defaults are those of Hugging Face's TrainingArguments,
/// where it has them.
/// </summary>
/// <threadsafety>Instances are immutable; <see cref="Progress"/> is called on the thread that called Fit.</threadsafety>
public sealed record TrainingOptions
{
    /// <summary>The number of optimizer steps (default null: as many as <see cref="NumTrainEpochs"/> takes).</summary>
    public long? MaxSteps { get; init; }

    /// <summary>How many times the data is gone through where <see cref="MaxSteps"/> is null (default 3; parts of an epoch are allowed).</summary>
    public double NumTrainEpochs { get; init; } = 3;

    /// <summary>The rows of one forward and backward pass (default 8).</summary>
    public int BatchSize { get; init; } = 8;

    /// <summary>
    /// The forward and backward passes of one optimizer step (default 1). Their gradients are weighted by tokens: 8 passes of
    /// 1 row are the same step as 1 pass of 8 rows.
    /// </summary>
    public int GradientAccumulationSteps { get; init; } = 1;

    /// <summary>The learning rate at its highest (default 5e-5).</summary>
    public double LearningRate { get; init; } = 5e-5;

    /// <summary>How the learning rate runs over the steps (default <see cref="LearningRateSchedule.Linear"/>).</summary>
    public LearningRateSchedule Schedule { get; init; } = LearningRateSchedule.Linear;

    /// <summary>The steps over which the rate rises from 0 (default 0). Where it is 0, <see cref="WarmupRatio"/> decides.</summary>
    public long WarmupSteps { get; init; }

    /// <summary>The share of all steps over which the rate rises from 0 (default 0, below 1; rounded up to whole steps).</summary>
    public double WarmupRatio { get; init; }

    /// <summary>AdamW's decay of the running mean of gradients (default 0.9).</summary>
    public double AdamBeta1 { get; init; } = 0.9;

    /// <summary>AdamW's decay of the running mean of squared gradients (default 0.999).</summary>
    public double AdamBeta2 { get; init; } = 0.999;

    /// <summary>AdamW's epsilon, added after the bias correction (default 1e-8, at least 1e-30).</summary>
    public double AdamEpsilon { get; init; } = 1e-8;

    /// <summary>
    /// Decoupled weight decay a step, times the learning rate, on matrices and embedding tables; never on norms and biases (default 0).
    /// </summary>
    public double WeightDecay { get; init; }

    /// <summary>Gradients are scaled down to this L2 norm, over all weights together (default 1; 0 turns clipping off).</summary>
    public double MaxGradNorm { get; init; } = 1;

    /// <summary>The number type that layers compute in (default <see cref="Precision.Auto"/>).</summary>
    public Precision Precision { get; init; } = Precision.Auto;

    /// <summary>What initial weights, the order of the data and dropout are drawn from (default 42). Same seed, same run, to the last bit.</summary>
    public int Seed { get; init; } = 42;

    /// <summary>
    /// The share of documents held out for evaluation, chosen by a hash of the document (default 0: none; below 1). It acts where
    /// Fit is given no validation set. Equal documents fall on one side.
    /// </summary>
    public double ValidationFraction { get; init; }

    /// <summary>The held-out loss is measured every so many steps, and after the last (default null: only after the last).</summary>
    public long? EvaluateEverySteps { get; init; }

    /// <summary>The rows of one forward pass of evaluation (default 8).</summary>
    public int EvaluationBatchSize { get; init; } = 8;

    /// <summary>The most batches that one evaluation looks at, evenly spread over the held-out rows (default null: all).</summary>
    public int? MaxEvaluationBatches { get; init; }

    /// <summary>
    /// Whether Fit gives back the weights with the least held-out loss in place of the last ones (default true; without a validation
    /// set, and when cancelled before the first evaluation, the last ones are given back). It takes one more copy of the weights.
    /// </summary>
    public bool LoadBestModelAtEnd { get; init; } = true;

    /// <summary>Training stops after so many evaluations in a row without improvement (default null: never).</summary>
    public int? EarlyStoppingPatience { get; init; }

    /// <summary>How much the held-out loss must fall below the best to count as an improvement for <see cref="EarlyStoppingPatience"/> (default 0).</summary>
    public double EarlyStoppingThreshold { get; init; }

    /// <summary>
    /// Where checkpoints and the token file are kept (default null: no checkpoints, and the token file is deleted at the end). One
    /// run at a time may use a folder.
    /// </summary>
    public string? CheckpointFolder { get; init; }

    /// <summary>
    /// Whether to go on from the newest whole checkpoint in <see cref="CheckpointFolder"/> (default false). Without one training
    /// begins anew; a checkpoint of other data or options is an error that names the difference.
    /// </summary>
    public bool Resume { get; init; }

    /// <summary>A checkpoint is written every so many steps, and at the end (default 500).</summary>
    public long CheckpointEverySteps { get; init; } = 500;

    /// <summary>How many checkpoints are kept; older ones are deleted once a newer one is whole (default 2, at least 2; null keeps all).</summary>
    public int? SaveTotalLimit { get; init; } = 2;

    /// <summary>
    /// A file of JSON lines: one a step (step, epoch, loss, learning_rate, grad_norm, tokens, tokens_per_second) and one an evaluation
    /// (step, eval_loss, eval_perplexity, eval_tokens). Default null: none. A new run replaces it; a resumed one goes on from its step.
    /// </summary>
    public string? MetricsFile { get; init; }

    /// <summary>Called after every step (default null). What it throws stops training after a checkpoint is written, and reaches the caller of Fit.</summary>
    public Action<TrainingProgress>? Progress { get; init; }

    /// <summary>A line is logged to MLContext.Log every so many steps (default 100).</summary>
    public long LoggingSteps { get; init; } = 100;

    /// <summary>The engine's threads, one setting of the whole process (default null: as it stands; at first all processors).</summary>
    public int? Threads { get; init; }

    /// <summary>Whether the process's C allocator is told to keep freed memory for the next step, which is faster (default true).</summary>
    public bool KeepEngineMemory { get; init; } = true;

    /// <summary>Checks every option.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range; the message names it.</exception>
    /// <exception cref="ArgumentException">Two options contradict each other; the message names them.</exception>
    public void Validate()
    {
        OptionChecks.AtLeast(MaxSteps, 1, nameof(MaxSteps));
        OptionChecks.Above(NumTrainEpochs, 0, nameof(NumTrainEpochs));
        OptionChecks.AtLeast(BatchSize, 1, nameof(BatchSize));
        OptionChecks.AtLeast(GradientAccumulationSteps, 1, nameof(GradientAccumulationSteps));
        OptionChecks.Within(LearningRate, 0, double.PositiveInfinity, nameof(LearningRate));
        OptionChecks.Present(Schedule, nameof(Schedule));
        Schedule.Validate();
        OptionChecks.AtLeast(WarmupSteps, 0, nameof(WarmupSteps));
        OptionChecks.Within(WarmupRatio, 0, 1, nameof(WarmupRatio), open: true);
        OptionChecks.Within(WarmupSteps, 0, MaxSteps ?? double.PositiveInfinity, nameof(WarmupSteps));
        OptionChecks.Within(AdamBeta1, 0, 1, nameof(AdamBeta1), open: true);
        OptionChecks.Within(AdamBeta2, 0, 1, nameof(AdamBeta2), open: true);
        OptionChecks.Within(AdamEpsilon, 1e-30, double.PositiveInfinity, nameof(AdamEpsilon));
        OptionChecks.Within(WeightDecay, 0, double.PositiveInfinity, nameof(WeightDecay));
        OptionChecks.Within(MaxGradNorm, 0, double.PositiveInfinity, nameof(MaxGradNorm));
        OptionChecks.Within((int)Precision, (int)Precision.Auto, (int)Precision.Bf16, nameof(Precision));
        OptionChecks.Within(ValidationFraction, 0, 1, nameof(ValidationFraction), open: true);
        OptionChecks.AtLeast(EvaluateEverySteps, 1, nameof(EvaluateEverySteps));
        OptionChecks.AtLeast(EvaluationBatchSize, 1, nameof(EvaluationBatchSize));
        OptionChecks.AtLeast(MaxEvaluationBatches, 1, nameof(MaxEvaluationBatches));
        OptionChecks.AtLeast(EarlyStoppingPatience, 1, nameof(EarlyStoppingPatience));
        OptionChecks.Within(EarlyStoppingThreshold, 0, double.PositiveInfinity, nameof(EarlyStoppingThreshold));
        OptionChecks.AtLeast(CheckpointEverySteps, 1, nameof(CheckpointEverySteps));
        OptionChecks.AtLeast(SaveTotalLimit, 2, nameof(SaveTotalLimit));
        OptionChecks.AtLeast(LoggingSteps, 1, nameof(LoggingSteps));
        OptionChecks.AtLeast(Threads, 1, nameof(Threads));
        if (CheckpointFolder is not null)
            OptionChecks.NotEmpty(CheckpointFolder, nameof(CheckpointFolder));
        if (MetricsFile is not null)
            OptionChecks.NotEmpty(MetricsFile, nameof(MetricsFile));
        OptionChecks.Require(!Resume || CheckpointFolder is not null, nameof(Resume), "Resume needs a CheckpointFolder to go on from.");
        OptionChecks.Require(
            EarlyStoppingPatience is null || EvaluateEverySteps is not null, nameof(EarlyStoppingPatience), "EarlyStoppingPatience counts evaluations: set EvaluateEverySteps too.");
    }

    /// <summary>The warm-up in steps of a training of so many.</summary>
    internal long WarmupOf(long totalSteps) =>
        WarmupSteps > 0 ? WarmupSteps : (long)Math.Ceiling(WarmupRatio * totalSteps);
}
