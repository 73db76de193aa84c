namespace Ml.Llm.Training;

/// <summary>The best evaluation so far, and how many in a row since brought no improvement.</summary>
/// <remarks>
/// The rules are those of Hugging Face's EarlyStoppingCallback: the count compares with the best before this evaluation and asks
/// for an improvement above the threshold; the best moves on any improvement; NaN is never better.
/// </remarks>
/// <threadsafety>Not safe.</threadsafety>
internal sealed class BestMetric(double threshold, bool greaterIsBetter = false)
{
    /// <summary>The best value, or null before the first evaluation.</summary>
    internal double? Value { get; set; }

    /// <summary>The step of the best value.</summary>
    internal long Step { get; set; }

    /// <summary>The evaluations in a row that brought no improvement.</summary>
    internal int WithoutImprovement { get; set; }

    /// <summary>Takes an evaluation in.</summary>
    /// <returns>Whether it is the best so far.</returns>
    internal bool Observe(double value, long step)
    {
        var improvement = Value is { } best ? (greaterIsBetter ? value - best : best - value) : double.PositiveInfinity;
        var isBetter = !double.IsNaN(value) && improvement > 0;
        WithoutImprovement = Value is null || (isBetter && improvement > threshold) ? 0 : WithoutImprovement + 1;
        if (isBetter)
            (Value, Step) = (value, step);
        return isBetter;
    }
}
