using System.Globalization;
using Microsoft.ML;

namespace Ml.Llm.Trainers.Tests;

[TestClass]
public sealed class ResumeTests
{
    private const int Steps = 14;

    private static TrainingOptions Plan(TrainingOptions options, string folder) => options with
    {
        MaxSteps = Steps,
        ValidationFraction = 0.1,
        EvaluateEverySteps = 4,
        CheckpointEverySteps = 5,
        CheckpointFolder = folder,
        Resume = true,
        MetricsFile = Path.Combine(folder, "metrics.jsonl"),
        GradientAccumulationSteps = 2,
        BatchSize = 2,
    };

    [TestMethod]
    public void Stopped_at_five_random_steps_and_resumed_equals_never_stopped_to_the_last_bit()
    {
        using var whole = new TemporaryFolder();
        var straight = Corpus.Train(options => Plan(options, whole.Path));
        var random = new Random();
        var stops = Enumerable.Range(1, Steps - 1).OrderBy(_ => random.Next()).Take(5).Order().ToArray();
        var what = $"stopped after steps {string.Join(", ", stops)}";

        using var parts = new TemporaryFolder();
        Corpus.Run? last = null;
        foreach (var stop in stops.Append(Steps))
        {
            using var cancellation = new CancellationTokenSource();
            last = Corpus.Train(
                options => Plan(options, parts.Path) with
                {
                    Progress = step =>
                    {
                        if (step.Step == stop)
                            cancellation.Cancel();
                    },
                },
                cancellationToken: cancellation.Token);
            Assert.AreEqual(stop, last.Steps[^1].Step, what);
        }

        Assert.AreSequenceEqual(straight.Weights, last!.Weights, what);
        Assert.AreSequenceEqual(Lines(whole), Lines(parts), what);
    }

    [TestMethod]
    public void A_run_that_was_finished_gives_its_model_back_without_a_step()
    {
        using var folder = new TemporaryFolder();
        var first = Corpus.Train(options => Plan(options, folder.Path));
        var second = Corpus.Train(options => Plan(options, folder.Path));

        Assert.IsEmpty(second.Steps);
        Assert.AreSequenceEqual(first.Weights, second.Weights);
    }

    [TestMethod]
    public void A_damaged_newest_checkpoint_is_passed_over_for_the_one_before()
    {
        using var folder = new TemporaryFolder();
        var first = Corpus.Train(options => Plan(options, folder.Path));
        var newest = Directory.GetDirectories(folder.Path, "step-*").Order(StringComparer.Ordinal).Last();
        var weights = Path.Combine(newest, "weights.safetensors");
        using (var file = File.OpenWrite(weights))
        {
            file.Seek(-8, SeekOrigin.End);
            file.WriteByte(0x55);
        }

        var second = Corpus.Train(options => Plan(options, folder.Path));

        Assert.AreEqual(11, second.Steps[0].Step);
        Assert.AreSequenceEqual(first.Weights, second.Weights);
        Assert.IsTrue(second.Log.Exists(static line => line.Contains("damaged", StringComparison.Ordinal)), string.Join('\n', second.Log));
    }

    [TestMethod]
    public void The_token_file_is_made_once()
    {
        using var folder = new TemporaryFolder();
        var first = Corpus.Train(options => Plan(options, folder.Path));
        var second = Corpus.Train(options => Plan(options, folder.Path));

        Assert.IsTrue(first.Log.Exists(static line => line.Contains("Tokenized the corpus", StringComparison.Ordinal)));
        Assert.IsTrue(second.Log.Exists(static line => line.Contains("used again", StringComparison.Ordinal)));
        Assert.IsFalse(second.Log.Exists(static line => line.Contains("Tokenized the corpus", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void Without_Resume_a_folder_with_checkpoints_is_refused()
    {
        using var folder = new TemporaryFolder();
        Corpus.Train(options => Plan(options, folder.Path));

        var error = Assert.ThrowsExactly<CheckpointException>(() => Corpus.Train(options => Plan(options, folder.Path) with { Resume = false }));
        Assert.Contains("Resume", error.Message);
    }

    [TestMethod]
    [DataRow("LearningRate was 0.003 and is 0.001")]
    [DataRow("steps was 14 and is 15")]
    [DataRow("Seed was 7 and is 8")]
    [DataRow("BatchSize was 2 and is 3")]
    [DataRow("Schedule was cosine")]
    public void Resuming_with_another_option_names_it(string difference)
    {
        using var folder = new TemporaryFolder();
        Corpus.Train(options => Plan(options, folder.Path) with { MaxSteps = Steps });

        var error = Assert.ThrowsExactly<CheckpointMismatchException>(() => Corpus.Train(options => difference.Split(' ')[0] switch
        {
            "LearningRate" => Plan(options, folder.Path) with { LearningRate = 1e-3 },
            "steps" => Plan(options, folder.Path) with { MaxSteps = Steps + 1 },
            "Seed" => Plan(options, folder.Path) with { Seed = 8 },
            "BatchSize" => Plan(options, folder.Path) with { BatchSize = 3 },
            _ => Plan(options, folder.Path) with { Schedule = LearningRateSchedule.Linear },
        }));
        Assert.HasCount(1, error.Differences);
        Assert.StartsWith(difference, error.Differences[0]);
    }

    [TestMethod]
    public void Resuming_with_another_corpus_or_model_names_it()
    {
        using var folder = new TemporaryFolder();
        Corpus.Train(options => Plan(options, folder.Path));
        var tokens = Directory.GetFiles(folder.Path, "*.tokens").Select(File.ReadAllBytes).ToList();
        Assert.IsNotEmpty(tokens);

        var error = Assert.ThrowsExactly<CheckpointMismatchException>(() => Corpus.Train(options => Plan(options, folder.Path), Corpus.Texts(399)));
        Assert.StartsWith("corpus was", error.Differences.Single());
        foreach (var (before, now) in tokens.Zip(Directory.GetFiles(folder.Path, "*.tokens"), (before, file) => (before, File.ReadAllBytes(file))))
            Assert.AreSequenceEqual(before, now, "the token files of the run are as they were");

        var ml = new MLContext();
        var trainer = ml.Llm.Trainers.CausalLanguageModel(
            Corpus.Tokenizer, Corpus.Config with { IntermediateSize = 96 }, Corpus.Options(options => Plan(options, folder.Path)));
        error = Assert.ThrowsExactly<CheckpointMismatchException>(() => trainer.Fit(Corpus.View(ml, Corpus.Texts(400))));
        Assert.AreEqual("model intermediate_size was 64 and is 96", error.Differences.Single());
    }

    [TestMethod]
    public void What_the_options_leave_open_may_change_between_runs()
    {
        using var folder = new TemporaryFolder();
        using var cancellation = new CancellationTokenSource();
        Corpus.Train(options => Plan(options, folder.Path) with { Progress = _ => cancellation.Cancel() }, cancellationToken: cancellation.Token);

        var run = Corpus.Train(options => Plan(options, folder.Path) with { CheckpointEverySteps = 3, LoggingSteps = 1, SaveTotalLimit = null, MetricsFile = null });

        Assert.AreEqual(2, run.Steps[0].Step);
        Assert.AreEqual(Steps, run.Steps[^1].Step);
    }

    /// <summary>The metrics without what a clock measured.</summary>
    private static string[] Lines(TemporaryFolder folder) =>
        [.. File.ReadLines(folder.File("metrics.jsonl")).Select(static line => line.Split(",\"tokens_per_second\"")[0].ToString(CultureInfo.InvariantCulture))];
}
