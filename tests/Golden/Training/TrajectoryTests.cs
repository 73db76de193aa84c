using System.Text.Json;
using Ml.Llm.Checkpoints;
using Ml.Llm.Models;
using Ml.Llm.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Golden.Tests;

/// <summary>Whole runs of the training loop, step by step: loss, gradient norm, rate, final weights and optimizer state.</summary>
[TestClass, TestCategory("golden-training")]
public sealed class TrajectoryTests
{
    private const string ResumeFile = "resume.json";
    private static readonly string[] Classes = ["GPT2LMHeadModel", "LlamaForCausalLM"];

    public static IEnumerable<object[]> Runs => GoldenFolder.List(TrainingCases.Area, static folder =>
        Directory.EnumerateDirectories(folder).Where(static path => File.Exists(Path.Combine(path, "options.json"))).Select(static path => Path.GetFileName(path)));

    public static IEnumerable<object[]> ResumedRuns
    {
        get
        {
            object[][] runs = [.. Runs.Where(static run => File.Exists(GoldenFolder.At(TrainingCases.Area, (string)run[0], ResumeFile)))];
            return runs.Length > 0 ? runs : GoldenFolder.Rows(TrainingCases.Area, ResumeFile, static _ => []);
        }
    }

    [TestMethod, DynamicData(nameof(Runs))]
    public void Every_step_and_the_final_weights_equal_the_peers(string name)
    {
        GoldenFolder.Require(TrainingCases.Area, name);
        var run = new Run(name);
        using var model = LanguageModel.FromPretrained(run.Folder);
        CheckDecay(run, model);
        run.Train(model, null, 0);
    }

    [TestMethod, DynamicData(nameof(ResumedRuns))]
    public void Resumed_in_the_middle_the_rest_equals_too(string name)
    {
        GoldenFolder.Require(TrainingCases.Area, name);
        var run = new Run(name);
        var step = Json.Read(Path.Combine(run.Folder, ResumeFile)).Integer("stopped_after_step");
        var folder = Directory.CreateTempSubdirectory("mlllm-golden-").FullName;
        try
        {
            var store = new CheckpointStore(Path.Combine(folder, "checkpoints"), null, static _ => { });
            using var held = store.AcquireLock();
            WriteCheckpoint(run, step, store, folder);
            using var model = LanguageModel.FromPretrained(run.Folder);
            run.Train(model, store, step);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Makes the peer's state one of our checkpoints.</summary>
    private static void WriteCheckpoint(Run run, long step, CheckpointStore store, string scratch)
    {
        var saved = Path.Combine(run.Folder, $"state_{step}");
        using var weights = ReadAs(run, Path.Combine(saved, "model.safetensors"), "", scratch);
        using var mean = ReadAs(run, Path.Combine(saved, "optimizer.safetensors"), "exp_avg.", scratch);
        using var square = ReadAs(run, Path.Combine(saved, "optimizer.safetensors"), "exp_avg_sq.", scratch);
        using var optimizer = new FlatAdamW(weights.Network.Parameters, run.Options) { Steps = step };
        using (no_grad())
        {
            optimizer.Mean.copy_(mean.Network.Parameters.Values);
            optimizer.Square.copy_(square.Network.Parameters.Values);
        }

        var state = new TrainingState { Step = step, Precision = PrecisionChoice.Name(Precision.Fp32), Identity = RunIdentity.Of(run.Options, run.Options.MaxSteps!.Value) };
        store.Write(step, folder => TrainingCheckpoint.Write(folder, state, weights.Network.Parameters, optimizer, null));
    }

    /// <summary>Reads tensors that carry the model's names behind a prefix as the weights of a model.</summary>
    private static LanguageModel ReadAs(Run run, string path, string prefix, string scratch)
    {
        var folder = Directory.CreateDirectory(Path.Combine(scratch, $"as-{prefix}model")).FullName;
        File.Copy(Path.Combine(run.Folder, "config.json"), Path.Combine(folder, "config.json"));
        using var scope = NewDisposeScope();
        using var file = SafetensorsFile.Open(path);
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"),
            [.. file.Entries.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal)).Select(key => (key[prefix.Length..], file.Read(key)))]);
        return LanguageModel.FromPretrained(folder);
    }

    private static void CheckDecay(Run run, LanguageModel model)
    {
        var decays = model.Config.WeightNames.All(model.Config.ToShape())
            .Where(weight => model.Network.Parameters[weight.Parameters[0]].Decays).Select(static weight => weight.Name);
        var expected = run.Arguments.Items("decay_parameters").Select(static name => name.GetString()!)
            .Where(name => !(model.Config.TieWordEmbeddings && name == "lm_head.weight"));
        Assert.AreSequenceEqual(expected.Order(StringComparer.Ordinal), decays.Order(StringComparer.Ordinal), "Which weights decay.");
    }

    private sealed class Run
    {
        private readonly JsonElement definition;

        internal Run(string name)
        {
            Folder = GoldenFolder.At(TrainingCases.Area, name);
            definition = Json.Read(Path.Combine(Folder, "case.json"));
            Arguments = Json.Read(Path.Combine(Folder, "options.json"));
            var config = Json.Read(Path.Combine(Folder, "config.json"));
            NotYet.SkipFamily(config.Text("model_type"));
            NotYet.SkipFeatures(config);
            NotYet.SkipFeatures(definition);
            Options = TrainingCases.Options(Arguments);
            Assert.Contains(definition.Text("model_class"), Classes, "The model's class is not known.");
            Assert.AreEqual("transformers.Trainer", definition.Text("peer"), "The peer is not known.");
        }

        internal string Folder { get; }

        internal JsonElement Arguments { get; }

        internal TrainingOptions Options { get; }

        internal void Train(LanguageModel model, CheckpointStore? store, long from)
        {
            var steps = new List<TrainingProgress>();
            using var batches = SafetensorsFile.Open(Path.Combine(Folder, "batches.safetensors"));
            var options = Options with { Progress = steps.Add, Resume = store is not null, CheckpointEverySteps = long.MaxValue };
            using var loop = new TrainingLoop(new GivenBatches(model.Network, batches), options, new Dictionary<string, string>(), store, new TrainingLog(static _ => { }, static _ => { }));
            loop.Run(CancellationToken.None);
            CheckSteps(steps, from);
            Check(model, "final.safetensors", "", model.Network.Parameters.Values);
            if (File.Exists(Path.Combine(Folder, "optimizer.safetensors")))
            {
                Check(model, "optimizer.safetensors", "exp_avg.", loop.Optimizer.Mean);
                Check(model, "optimizer.safetensors", "exp_avg_sq.", loop.Optimizer.Square);
            }
        }

        private void CheckSteps(List<TrainingProgress> steps, long from)
        {
            JsonElement[] expected = [.. File.ReadLines(Path.Combine(Folder, "trajectory.jsonl")).Select(static line => JsonDocument.Parse(line).RootElement).Skip((int)from)];
            Assert.HasCount(expected.Length, steps, "The number of steps.");
            Assert.IsNotEmpty(expected);
            var tolerance = definition.Get("tolerance");
            foreach (var (want, got) in expected.Zip(steps))
            {
                Assert.AreEqual(want.Integer("step"), got.Step);
                Assert.AreEqual(want.Integer("count"), got.StepTokens, $"step {got.Step}: labels");
                Compare.Number(want.Number("loss"), got.Loss, tolerance.Number("loss") * want.Number("loss"), $"step {got.Step}: loss");
                Compare.Number(want.Number("grad_norm"), got.GradientNorm, tolerance.Number("grad_norm") * want.Number("grad_norm"), $"step {got.Step}: gradient norm");
                Compare.Number(want.Number("learning_rate"), got.LearningRate, tolerance.Number("learning_rate"), $"step {got.Step}: learning rate");
            }
        }

        /// <summary>Compares a flat tensor with a file that holds its parts by the peer's names.</summary>
        private void Check(LanguageModel model, string fileName, string prefix, Tensor flat)
        {
            using var scope = NewDisposeScope();
            using var holder = new DecoderModel(model.Config.ToShape());
            using (no_grad())
                holder.Parameters.Values.copy_(flat);
            using var file = SafetensorsFile.Open(Path.Combine(Folder, fileName));
            var notCompared = definition.Get("final_not_compared");
            var ours = ModelTensors.Values(model.Config, holder);
            Assert.AreSequenceEqual(
                file.Entries.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal),
                ours.Select(tensor => prefix + tensor.Name).Order(StringComparer.Ordinal), $"The tensors of {fileName}.");
            foreach (var (name, value) in ours)
            {
                var expected = TrainingCases.Floats(file, prefix + name);
                var atol = prefix.Length == 0
                    ? definition.Get("tolerance").Number("final")
                    : 1e-3 * expected.Max(static number => Math.Abs(number));
                var (start, end) = prefix.Length == 0 && notCompared.TryGetProperty(name, out var range) ? (range[0].GetInt32(), range[1].GetInt32()) : (0, 0);
                if (start == 0 && end == expected.Length)
                    continue;
                Compare.Floats(expected, TrainingCases.Floats(value), atol, 0, $"{fileName}: {prefix}{name}", i => i < start || i >= end);
            }
        }
    }
}
