using System.Diagnostics;

namespace Ml.Llm.Training;

/// <summary>The time of steps, without what happens between them, and what it means for the steps left.</summary>
/// <threadsafety>Not safe.</threadsafety>
internal sealed class StepClock
{
    private const double Smoothing = 0.9;
    private readonly long began = Stopwatch.GetTimestamp();
    private long stepBegan;
    private double seconds;
    private double tokens;

    /// <summary>The time since the clock was made.</summary>
    internal TimeSpan Elapsed => Stopwatch.GetElapsedTime(began);

    /// <summary>Tokens a second over the last steps.</summary>
    internal double TokensPerSecond => seconds > 0 ? tokens / seconds : 0;

    internal void BeginStep() => stepBegan = Stopwatch.GetTimestamp();

    internal void EndStep(long stepTokens)
    {
        var elapsed = Stopwatch.GetElapsedTime(stepBegan).TotalSeconds;
        // Both run through the same filter, so that the rate is right with rows of unequal length too.
        seconds = seconds == 0 ? elapsed : (Smoothing * seconds) + ((1 - Smoothing) * elapsed);
        tokens = tokens == 0 ? stepTokens : (Smoothing * tokens) + ((1 - Smoothing) * stepTokens);
    }

    /// <summary>The time that so many steps will take.</summary>
    internal TimeSpan Remaining(long steps) => TimeSpan.FromSeconds(seconds * steps);
}
