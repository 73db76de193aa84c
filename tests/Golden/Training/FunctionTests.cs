using System.Text.Json;
using Ml.Llm.Checkpoints;
using Ml.Llm.Models;
using Ml.Llm.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Golden.Tests;

/// <summary>The small functions under a run: schedules, clipping, AdamW, early stopping, evaluation.</summary>
[TestClass, TestCategory("golden-training")]
public sealed class FunctionTests
{
    private static readonly string[] ItemsWithTests = ["clipping", "early_stopping.json", "evaluation", "optimizers", "schedules.json"];

    public static IEnumerable<object[]> Items => GoldenFolder.Items(TrainingCases.Area);

    public static IEnumerable<object[]> Schedules => GoldenFolder.Rows(TrainingCases.Area, "schedules.json", static file => Numbers(Json.Read(file).Items("schedules").Count));

    public static IEnumerable<object[]> EarlyStops => GoldenFolder.Rows(TrainingCases.Area, "early_stopping.json", static file => Names(Json.Read(file).Items("cases")));

    public static IEnumerable<object[]> Clips => GoldenFolder.Rows(TrainingCases.Area, Path.Combine("clipping", "cases.json"), static file =>
        Names([.. Json.Read(file).Items("norm"), Json.Read(file).Get("value")]));

    public static IEnumerable<object[]> Optimizers => GoldenFolder.Rows(TrainingCases.Area, Path.Combine("optimizers", "cases.json"), static file => Names(Json.Read(file).Items("cases")));

    [TestMethod, DynamicData(nameof(Items))]
    public void Every_part_is_tested_or_named_as_not_yet(string name)
    {
        GoldenFolder.Require(TrainingCases.Area, name);
        NotYet.SkipArea($"{TrainingCases.Area}/{name}");
        var isRun = File.Exists(GoldenFolder.At(TrainingCases.Area, name, "options.json"));
        Assert.IsTrue(isRun || ItemsWithTests.Contains(name), $"No test reads {name}.");
    }

    [TestMethod, DynamicData(nameof(Schedules))]
    public void Rates_equal_the_peers(string index)
    {
        GoldenFolder.Require(TrainingCases.Area, index);
        var row = Json.Read(GoldenFolder.At(TrainingCases.Area, "schedules.json")).Items("schedules")[int.Parse(index, System.Globalization.CultureInfo.InvariantCulture)];
        using var named = JsonDocument.Parse($"{{\"lr_scheduler_type\": \"{row.Text("name")}\"}}");
        NotYet.SkipFeatures(named.RootElement);
        var rate = row.Number("learning_rate");
        var (schedule, warmup) = TrainingCases.Schedule(row.Text("name"), row.Get("kwargs"), rate, row.Number("num_warmup_steps"));
        schedule.Validate();
        var expected = row.Items("lr");
        for (var step = 0; step < expected.Count; step++)
            Compare.Number(expected[step].GetDouble(), rate * schedule.Factor(step, (long)warmup, row.Integer("num_training_steps")), 1e-12 * rate, $"{row.Text("name")}: update {step + 1}");
    }

    [TestMethod]
    public void Warm_up_steps_equal_the_peers()
    {
        GoldenFolder.Require(TrainingCases.Area, (string)Schedules.First()[0]);
        foreach (var row in Json.Read(GoldenFolder.At(TrainingCases.Area, "schedules.json")).Items("warmup"))
        {
            var warmup = row.Number("warmup_steps");
            var options = new TrainingOptions { WarmupSteps = warmup >= 1 ? (long)warmup : 0, WarmupRatio = warmup < 1 ? warmup : 0 };
            Assert.AreEqual(row.Integer("steps"), options.WarmupOf(row.Integer("num_training_steps")), row.GetRawText());
        }
    }

    [TestMethod, DynamicData(nameof(EarlyStops))]
    public void Early_stopping_and_the_best_value_equal_the_peers(string name)
    {
        GoldenFolder.Require(TrainingCases.Area, name);
        var row = Find(Json.Read(GoldenFolder.At(TrainingCases.Area, "early_stopping.json")).Items("cases"), name);
        var metric = new BestMetric(row.Number("early_stopping_threshold"), row.Get("greater_is_better").GetBoolean());
        var counters = new List<int>();
        var every = row.Integer("eval_steps");
        long step = 0;
        var stopped = false;
        foreach (var value in row.Items("metric_values"))
        {
            step += every;
            metric.Observe(value.ValueKind == JsonValueKind.Null ? double.NaN : value.GetDouble(), step);
            counters.Add(metric.WithoutImprovement);
            stopped = metric.WithoutImprovement >= row.Integer("early_stopping_patience");
            if (stopped)
                break;
        }

        Assert.AreEqual(row.Get("stopped_early").GetBoolean(), stopped);
        Assert.AreEqual(row.Integer("stopped_at_step"), step);
        Assert.AreSequenceEqual(row.Items("counter_after_each_evaluation").Select(static count => count.GetInt32()), counters);
        Assert.AreEqual(row.Integer("best_step"), metric.Step);
        Assert.AreEqual(row.Number("best_metric"), metric.Value);
    }

    [TestMethod, DynamicData(nameof(Clips))]
    public void Clipped_gradients_equal_the_peers(string name)
    {
        GoldenFolder.Require(TrainingCases.Area, name);
        var cases = Json.Read(GoldenFolder.At(TrainingCases.Area, "clipping", "cases.json"));
        var row = Find([.. cases.Items("norm"), cases.Get("value")], name);
        NotYet.SkipFeatures(row);
        Assert.AreEqual(2, row.Number("norm_type"), "The norm is not known.");
        TorchEngine.EnsureLoaded();
        using var file = SafetensorsFile.Open(GoldenFolder.At(TrainingCases.Area, "clipping", "gradients.safetensors"));
        using var scope = NewDisposeScope();
        var tolerance = cases.Number("tolerance_relative");
        float[] Flat(string side) => [.. Parts(file, $"{name}.{side}.").SelectMany(key => TrainingCases.Floats(file, key))];
        var before = Flat("before");
        var norm = GradientNorm.Of(tensor(before));
        var scale = GradientNorm.ClipScale(norm, row.Number("max_norm"));
        Compare.Number(row.Number("total_norm"), norm, tolerance * row.Number("total_norm"), "norm");
        Compare.Number(row.Number("coefficient"), scale, tolerance * row.Number("coefficient"), "coefficient");
        Compare.Floats(Flat("after"), [.. before.Select(gradient => gradient * (float)scale)], 1e-30, tolerance, "clipped gradients");
    }

    [TestMethod, DynamicData(nameof(Optimizers))]
    public void Updates_of_the_optimizer_equal_the_peers(string name)
    {
        GoldenFolder.Require(TrainingCases.Area, name);
        var cases = Json.Read(GoldenFolder.At(TrainingCases.Area, "optimizers", "cases.json"));
        var row = Find(cases.Items("cases"), name);
        NotYet.SkipFeatures(row);
        Assert.Contains(row.Text("optimizer"), (string[])["AdamW"], "The optimizer is not known.");
        var arguments = row.Get("arguments");
        var options = new TrainingOptions
        {
            AdamBeta1 = arguments.Items("betas")[0].GetDouble(),
            AdamBeta2 = arguments.Items("betas")[1].GetDouble(),
            AdamEpsilon = arguments.Number("eps"),
            WeightDecay = arguments.Number("weight_decay"),
        };
        using var gradients = SafetensorsFile.Open(GoldenFolder.At(TrainingCases.Area, "optimizers", "gradients.safetensors"));
        using var expected = SafetensorsFile.Open(GoldenFolder.At(TrainingCases.Area, "optimizers", "parameters.safetensors"));
        string[] names = [.. Parts(gradients, "init.").Select(static key => key["init.".Length..])];
        var masters = expected.Entries.ContainsKey($"{name}.compute.1.{names[0]}");
        using var parameters = new ParameterSet();
        foreach (var part in names)
            parameters.Declare([.. gradients.Entries[$"init.{part}"].Shape], decays: true, (part, gradients.Entries[$"init.{part}"].Shape[0]));
        parameters.Allocate(masters ? ScalarType.BFloat16 : ScalarType.Float32, CPU);
        foreach (var part in names)
            gradients.ReadInto($"init.{part}", parameters[part].Value);
        parameters.EnableTraining();
        using var optimizer = new FlatAdamW(parameters, options);
        var rates = row.Get("learning_rates");
        for (var step = 1; step <= cases.Integer("steps"); step++)
        {
            foreach (var part in names)
            {
                gradients.ReadInto($"step.{step}.{part}", parameters[part].Gradient!);
                if (masters)
                    parameters[part].Gradient!.copy_(parameters[part].Gradient!.to(ScalarType.BFloat16));
            }

            optimizer.Step(rates.ValueKind == JsonValueKind.Null ? arguments.Number("lr") : rates[step - 1].GetDouble(), 1);
            foreach (var part in names)
            {
                Compare.Floats(TrainingCases.Floats(expected, $"{name}.step.{step}.{part}"), TrainingCases.Floats(parameters[part].Value), cases.Number("tolerance"), 0, $"step {step}: {part}");
                if (masters)
                {
                    var (offset, count) = (parameters[part].Offset, parameters[part].Count);
                    Compare.Floats(TrainingCases.Floats(expected, $"{name}.compute.{step}.{part}"), TrainingCases.Floats(parameters.Compute!.narrow(0, offset, count)), cases.Number("tolerance"), 1.0 / 128, $"step {step}: bf16 {part}");
                }
            }
        }
    }

    [TestMethod]
    public void Evaluation_weighs_every_token_alike()
    {
        GoldenFolder.Require(TrainingCases.Area, Directory.Exists(GoldenFolder.At(TrainingCases.Area)) ? "evaluation" : "(absent)");
        var folder = GoldenFolder.At(TrainingCases.Area, "evaluation");
        var definition = Json.Read(Path.Combine(folder, "case.json"));
        using var model = LanguageModel.FromPretrained(folder);
        using var batches = SafetensorsFile.Open(Path.Combine(folder, "batches.safetensors"));
        using var guard = no_grad();
        var evaluation = new GivenBatches(model.Network, batches).Evaluate(CancellationToken.None);
        var (loss, tolerance) = (definition.Number("token_weighted_loss"), definition.Number("tolerance"));
        Compare.Number(loss, evaluation.Loss, tolerance * loss, "loss");
        Compare.Number(definition.Number("perplexity_token_weighted"), Math.Exp(evaluation.Loss), 10 * tolerance * definition.Number("perplexity_token_weighted"), "perplexity");
    }

    private static IEnumerable<string> Numbers(int count) => Enumerable.Range(0, count).Select(static i => i.ToString("D3", System.Globalization.CultureInfo.InvariantCulture));

    private static IEnumerable<string> Names(IEnumerable<JsonElement> rows) => rows.Select(static row => row.Text("case"));

    private static JsonElement Find(IEnumerable<JsonElement> rows, string name) => rows.Single(row => row.Text("case") == name);

    private static IEnumerable<string> Parts(SafetensorsFile file, string prefix)
    {
        string[] keys = [.. file.Entries.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        Assert.IsNotEmpty(keys, $"There is no tensor {prefix}*.");
        return keys;
    }
}
