using System.Globalization;

namespace Ml.Llm.Trainers.Tests;

[TestClass]
public sealed class MemoryTests
{
    [TestMethod]
    [OSCondition(OperatingSystems.Linux)] // RssAnon is read from /proc.
    public void Anonymous_memory_is_flat_over_steps_and_does_not_grow_with_the_corpus()
    {
        Measure(20_000); // The first run pays for compiled code and for the engine's own buffers.
        var small = Flat(20_000);
        var large = Flat(200_000);

        // The larger corpus has 9 MB more of text and as much of tokens.
        Assert.IsLessThan(1.05 * small, large, "with a corpus ten times as large");
    }

    /// <summary>Memory after 400 steps, which is that after 200 within 2%. The host compiles and collects at times of its own; a leak shows every time.</summary>
    private static double Flat(int documents)
    {
        var (early, late) = Measure(documents);
        if (Math.Abs(late - early) > 0.02 * early)
            (early, late) = Measure(documents);
        Assert.AreEqual(early, late, 0.02 * early, "over steps");
        return late;
    }

    /// <summary>Medians in MiB after the 200th step and after the 400th. Garbage is collected first: it is not what could leak here.</summary>
    private static (double Early, double Late) Measure(int documents)
    {
        var samples = new List<(long Step, double Size)>();
        Corpus.Train(
            options => options with
            {
                MaxSteps = 600,
                Progress = step =>
                {
                    if (step.Step <= 200 || step.Step % 10 != 0)
                        return;
                    GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
                    samples.Add((step.Step, RssAnon()));
                },
            },
            Stream(documents));
        return (Median(samples.Where(static sample => sample.Step <= 400)), Median(samples.Where(static sample => sample.Step > 400)));
    }

    /// <summary>Documents made as they are read, so that the test itself holds none.</summary>
    private static IEnumerable<string> Stream(int documents) => Enumerable.Range(0, documents).Select(static i => $"Number {i % 1009}: the cat sleeps in the yard after {i % 97} days.");

    private static double Median(IEnumerable<(long Step, double Size)> samples)
    {
        double[] sizes = [.. samples.Select(static sample => sample.Size).Order()];
        return sizes[sizes.Length / 2];
    }

    private static double RssAnon()
    {
        var line = File.ReadLines("/proc/self/status").First(static text => text.StartsWith("RssAnon:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan("RssAnon:".Length, line.Length - "RssAnon:".Length - 2), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture) / 1024.0;
    }
}
