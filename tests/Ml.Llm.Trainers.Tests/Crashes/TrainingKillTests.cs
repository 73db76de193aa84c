using Ml.Llm.KillTarget;

namespace Ml.Llm.Trainers.Tests.Crashes;

[TestClass]
public sealed class TrainingKillTests
{
    [TestMethod]
    [Timeout(300_000, CooperativeCancellation = true)]
    public void Training_that_was_killed_six_times_goes_on_as_if_it_never_was()
    {
        using var killed = new TemporaryFolder();
        var last = 0L;
        new KillTrial(["train", killed.Path], seed: 3) { MostSteps = 6, LongestWait = TimeSpan.FromMilliseconds(30) }.Run(6, acknowledged => last = Math.Max(last, acknowledged));
        Assert.IsGreaterThan(3L, last, "The child must get on between kills.");

        var steps = new List<long>();
        var resumed = TrainUntil(killed.Path, last + 3, steps);
        Assert.IsGreaterThan(last, steps[0], "What was acknowledged is not done again.");
        using var straight = new TemporaryFolder();
        var whole = TrainUntil(straight.Path, last + 3, []);

        Assert.AreSequenceEqual(whole, resumed);
    }

    private static float[] TrainUntil(string folder, long step, List<long> steps)
    {
        using var cancellation = new CancellationTokenSource();
        return TrainingRun.Fit(
            folder,
            saved =>
            {
                steps.Add(saved);
                if (saved >= step)
                    cancellation.Cancel();
            },
            cancellation.Token);
    }
}
