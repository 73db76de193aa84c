using System.Globalization;

namespace Ml.Llm.Training;

/// <summary>What makes a run the same run as the one that wrote a checkpoint: whatever changes a single bit of its result.</summary>
internal static class RunIdentity
{
    /// <summary>The options of a run that matter, by name.</summary>
    internal static SortedDictionary<string, string> Of(TrainingOptions options, long totalSteps)
    {
        var identity = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["steps"] = Text(totalSteps),
            [nameof(options.BatchSize)] = Text(options.BatchSize),
            [nameof(options.GradientAccumulationSteps)] = Text(options.GradientAccumulationSteps),
            [nameof(options.LearningRate)] = Text(options.LearningRate),
            [nameof(options.Schedule)] = options.Schedule.Describe(),
            ["warm-up steps"] = Text(options.WarmupOf(totalSteps)),
            [nameof(options.AdamBeta1)] = Text(options.AdamBeta1),
            [nameof(options.AdamBeta2)] = Text(options.AdamBeta2),
            [nameof(options.AdamEpsilon)] = Text(options.AdamEpsilon),
            [nameof(options.WeightDecay)] = Text(options.WeightDecay),
            [nameof(options.MaxGradNorm)] = Text(options.MaxGradNorm),
            [nameof(options.Precision)] = PrecisionChoice.Name(options.Precision),
            [nameof(options.Seed)] = Text(options.Seed),
            [nameof(options.LoadBestModelAtEnd)] = options.LoadBestModelAtEnd ? "true" : "false",
            [nameof(options.EvaluateEverySteps)] = Text(options.EvaluateEverySteps ?? totalSteps),
            [nameof(options.EvaluationBatchSize)] = Text(options.EvaluationBatchSize),
            [nameof(options.MaxEvaluationBatches)] = options.MaxEvaluationBatches is { } most ? Text(most) : "all",
            [nameof(options.EarlyStoppingPatience)] = options.EarlyStoppingPatience is { } patience ? Text(patience) : "never",
            [nameof(options.EarlyStoppingThreshold)] = Text(options.EarlyStoppingThreshold),
        };
        return identity;
    }

    /// <summary>Throws where two identities differ.</summary>
    /// <exception cref="CheckpointMismatchException">They differ; the message names every difference.</exception>
    internal static void Compare(IReadOnlyDictionary<string, string> saved, IReadOnlyDictionary<string, string> present, string checkpoint) =>
        Compare(saved.Keys.Union(present.Keys, StringComparer.Ordinal), saved, present, checkpoint);

    /// <summary>Throws where an identity differs from a part of the present one that is known already.</summary>
    /// <exception cref="CheckpointMismatchException">They differ; the message names every difference in this part.</exception>
    internal static void CompareShared(IReadOnlyDictionary<string, string> saved, IReadOnlyDictionary<string, string> part, string checkpoint) =>
        Compare(part.Keys, saved, part, checkpoint);

    private static void Compare(IEnumerable<string> names, IReadOnlyDictionary<string, string> saved, IReadOnlyDictionary<string, string> present, string checkpoint)
    {
        var differences = new List<string>();
        foreach (var name in names.Order(StringComparer.Ordinal))
        {
            var before = saved.GetValueOrDefault(name, "none");
            var now = present.GetValueOrDefault(name, "none");
            if (!string.Equals(before, now, StringComparison.Ordinal))
                differences.Add($"{name} was {before} and is {now}");
        }

        if (differences.Count > 0)
            throw new CheckpointMismatchException(checkpoint, differences);
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
