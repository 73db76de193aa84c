using System.Globalization;
using System.Text.Json;

namespace Ml.Llm.Trainers.Tests;

[TestClass]
public sealed class LoopTests
{
    [TestMethod]
    public void Cancelling_gives_the_model_so_far()
    {
        using var cancellation = new CancellationTokenSource();
        var cancelled = Corpus.Train(
            options => options with { Schedule = LearningRateSchedule.Constant, Progress = step => Cancel(step.Step == 5, cancellation) },
            cancellationToken: cancellation.Token);
        var whole = Corpus.Train(static options => options with { Schedule = LearningRateSchedule.Constant, MaxSteps = 5 });

        Assert.HasCount(5, cancelled.Steps);
        Assert.AreSequenceEqual(whole.Weights, cancelled.Weights);
    }

    [TestMethod]
    public void Cancelled_before_the_first_step_the_untrained_model_comes_back()
    {
        var run = Corpus.Train(static options => options, cancellationToken: new CancellationToken(canceled: true));

        Assert.IsEmpty(run.Steps);
        Assert.AreNotEqual(0, run.Weights.Max());
    }

    [TestMethod]
    public void An_error_in_the_users_callback_reaches_the_caller_after_a_checkpoint()
    {
        using var folder = new TemporaryFolder();
        var error = Assert.ThrowsExactly<InvalidTimeZoneException>(() => Corpus.Train(options => options with
        {
            CheckpointFolder = folder.Path,
            Progress = static step =>
            {
                if (step.Step == 3)
                    throw new InvalidTimeZoneException("mine");
            },
        }));

        Assert.AreEqual("mine", error.Message);
        Assert.IsTrue(Directory.Exists(folder.File("step-00000003")));
    }

    [TestMethod]
    public void A_loss_that_is_not_finite_stops_training_and_names_the_step()
    {
        using var folder = new TemporaryFolder();
        using var error = Assert.ThrowsExactly<NonFiniteLossException>(() => Corpus.Train(options => options with
        {
            CheckpointFolder = folder.Path,
            LearningRate = 1e30,
            WarmupSteps = 0,
            MaxGradNorm = 0,
            WeightDecay = 0,
        }));

        Assert.AreEqual(2, error.Step);
        Assert.Contains("Step 2", error.Message);
        Assert.IsNotNull(error.LastGoodModel);
        Assert.IsTrue(Directory.Exists(folder.File("step-00000001")));
    }

    [TestMethod]
    public void The_last_good_model_is_the_one_that_evaluated_best()
    {
        using var error = Assert.ThrowsExactly<NonFiniteLossException>(() => Corpus.Train(
            static options => options with { LearningRate = 1e30, WarmupSteps = 3, EvaluateEverySteps = 1, Schedule = LearningRateSchedule.Constant, WeightDecay = 0 }, validation: Corpus.Texts(20, 1)));

        // The first step has rate 0; the second one ruins the weights.
        Assert.IsTrue(Corpus.Weights(error.LastGoodModel!).All(static weight => Math.Abs(weight) <= 1), $"after step {error.Step}");
    }

    [TestMethod]
    public void Evaluation_comes_every_so_many_steps_and_after_the_last()
    {
        var run = Corpus.Train(static options => options with { MaxSteps = 11, EvaluateEverySteps = 4 }, validation: Corpus.Texts(30, 1));

        Assert.AreSequenceEqual([4L, 8L, 11L], run.Steps.Where(static step => step.ValidationLoss is not null).Select(static step => step.Step).ToArray());
        Assert.AreEqual(Math.Exp(run.Steps[^1].ValidationLoss!.Value), run.Steps[^1].ValidationPerplexity!.Value, 1e-9);
    }

    [TestMethod]
    public void The_weights_with_the_least_held_out_loss_are_given_back()
    {
        // Another distribution than the corpus: learning soon makes it worse there.
        var heldOut = Enumerable.Range(0, 30).Select(static i => $"{i} zxq {i * 7919} qxz").ToArray();
        static TrainingOptions Plan(TrainingOptions options) => options with { MaxSteps = 40, EvaluateEverySteps = 2, LearningRate = 1e-2, Schedule = LearningRateSchedule.Constant };
        var best = Corpus.Train(Plan, validation: heldOut);
        var last = Corpus.Train(static options => Plan(options) with { LoadBestModelAtEnd = false }, validation: heldOut);
        var bestStep = best.Steps.Where(static step => step.ValidationLoss is not null).MinBy(static step => step.ValidationLoss)!.Step;
        Assert.IsLessThan(40, bestStep);
        var stopped = Corpus.Train(options => Plan(options) with { MaxSteps = bestStep });

        Assert.AreSequenceEqual(stopped.Weights, best.Weights);
        Assert.AreNotSequenceEqual(last.Weights, best.Weights);
    }

    [TestMethod]
    public void Training_stops_early_after_evaluations_without_improvement()
    {
        var heldOut = Enumerable.Range(0, 30).Select(static i => $"{i} zxq {i * 7919} qxz");
        var run = Corpus.Train(
            static options => options with { MaxSteps = 60, EvaluateEverySteps = 2, EarlyStoppingPatience = 3, LearningRate = 1e-2, Schedule = LearningRateSchedule.Constant }, validation: heldOut);

        var losses = run.Steps.Where(static step => step.ValidationLoss is not null).Select(static step => step.ValidationLoss!.Value).ToArray();
        Assert.IsLessThan(60, run.Steps[^1].Step);
        Assert.IsTrue(losses[^3..].All(loss => loss >= losses[..^3].Min()), string.Join(", ", losses));
    }

    [TestMethod]
    public void Metrics_are_json_lines_in_every_culture()
    {
        using var folder = new TemporaryFolder();
        var culture = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");
        Corpus.Run run;
        try
        {
            run = Corpus.Train(options => options with { MetricsFile = folder.File("metrics.jsonl"), EvaluateEverySteps = 5 }, validation: Corpus.Texts(10, 1));
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }

        var lines = File.ReadAllLines(folder.File("metrics.jsonl")).Select(static line => JsonDocument.Parse(line).RootElement).ToList();
        var steps = lines.Where(static line => line.TryGetProperty("loss", out _)).ToList();
        Assert.AreSequenceEqual(run.Losses, steps.Select(static line => line.GetProperty("loss").GetDouble()).ToArray());
        Assert.HasCount(3, lines.Where(static line => line.TryGetProperty("eval_perplexity", out _)).ToList());
    }

    [TestMethod]
    public void Live_tensors_do_not_grow_with_steps()
    {
        var counts = new List<long>();
        Corpus.Train(options => options with { MaxSteps = 40, EvaluateEverySteps = 10, Progress = _ => counts.Add(TorchSharp.torch.Tensor.TotalCount) }, validation: Corpus.Texts(10, 1));
        var before = TorchSharp.torch.Tensor.TotalCount;
        Corpus.Train(static options => options);

        Assert.HasCount(1, counts.Skip(10).Distinct().ToList(), string.Join(", ", counts));
        Assert.AreEqual(before, TorchSharp.torch.Tensor.TotalCount);
    }

    [TestMethod]
    public void Bf16_learns_as_fp32_does()
    {
        var fp32 = Corpus.Train(static options => options with { MaxSteps = 60 });
        var bf16 = Corpus.Train(static options => options with { MaxSteps = 60, Precision = Precision.Bf16 });

        Assert.AreNotEqual(fp32.Losses[^1], bf16.Losses[^1]);
        Assert.AreEqual(fp32.Losses[^1], bf16.Losses[^1], 0.05 * fp32.Losses[^1]);
    }

    [TestMethod]
    public void Auto_precision_measures_once_and_keeps_its_choice()
    {
        using var folder = new TemporaryFolder();
        using var cancellation = new CancellationTokenSource();
        TrainingOptions Plan(TrainingOptions options) => options with { Precision = Precision.Auto, CheckpointFolder = folder.Path, Resume = true };
        var first = Corpus.Train(options => Plan(options) with { Progress = _ => cancellation.Cancel() }, cancellationToken: cancellation.Token);
        var second = Corpus.Train(Plan);

        Assert.HasCount(1, first.Log.Where(static line => line.Contains("Precision.Auto chose", StringComparison.Ordinal)).ToList());
        Assert.IsEmpty(second.Log.Where(static line => line.Contains("Precision.Auto chose", StringComparison.Ordinal)).ToList());
        Assert.IsTrue(second.Log.Exists(static line => line.Contains("Resumed from", StringComparison.Ordinal)));
    }

    private static void Cancel(bool when, CancellationTokenSource cancellation)
    {
        if (when)
            cancellation.Cancel();
    }
}
