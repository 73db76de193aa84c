using System.Text.Json;
using Ml.Llm.Checkpoints;
using Ml.Llm.Models.Layers;

namespace Ml.Llm.Golden.Tests;

/// <summary>The cases of area models: forward, loss and gradients of every family, by the layers in use and by their plain twins.</summary>
[TestClass, TestCategory("golden-models")]
public sealed class CausalModelTests
{
    private const string Area = "models";
    private static readonly string[] Classes = ["transformers.GPT2LMHeadModel", "transformers.LlamaForCausalLM"];
    private static readonly string[] FilesWithTestsOfTheirOwn = ["presets.json", "rope.json", "t5_buckets.json", "README.md"];

    public static IEnumerable<object[]> Cases => GoldenFolder.Folders(Area);

    public static IEnumerable<object[]> Files => GoldenFolder.List(Area, static folder => [.. Directory.EnumerateFiles(folder).Select(static path => Path.GetFileName(path)), "README.md"]);

    [TestMethod, DynamicData(nameof(Cases))]
    public void Outputs_loss_and_gradients_equal_the_peers(string name)
    {
        GoldenFolder.Require(Area, name);
        var folder = GoldenFolder.At(Area, name);
        var definition = Json.Read(Path.Combine(folder, "case.json"));
        NotYet.SkipFamily(definition.Text("family"));
        NotYet.SkipFeatures(definition);
        NotYet.SkipFeatures(Json.Read(Path.Combine(folder, "config.json")));
        var modelClass = definition.Text("class");
        Assert.Contains(modelClass, Classes, $"The class {modelClass} is not known.");
        foreach (var configFile in definition.Items("configs"))
        {
            using var model = LanguageModel.ReadFolder(folder, configFile.GetString()!);
            Assert.AreEqual(definition.Text("family"), model.Config.ModelType, "The family.");
            Assert.AreEqual(definition.Integer("parameters"), model.ParameterCount);
            model.Network.Parameters.EnableTraining();
            foreach (var layers in (ILayers[])[model.Network.Layers, PlainLayers.Instance])
            {
                model.Network.Layers = layers;
                foreach (var run in definition.Items("runs"))
                    Check(model, folder, definition, run, $"{configFile}, {layers.GetType().Name}, {run.Text("name")}");
            }
        }
    }

    [TestMethod, DynamicData(nameof(Files))]
    public void Every_file_beside_the_cases_is_known(string name)
    {
        GoldenFolder.Require(Area, name);
        Assert.Contains(name, FilesWithTestsOfTheirOwn, $"No test reads {name}.");
        if (name == "t5_buckets.json")
            NotYet.SkipFamily("t5");
        Assert.AreNotEqual("t5_buckets.json", name, "No test reads t5_buckets.json.");
    }

    private static void Check(LanguageModel model, string folder, JsonElement definition, JsonElement run, string what)
    {
        using var file = SafetensorsFile.Open(Path.Combine(folder, run.Text("file")));
        using var result = CausalRun.Execute(model, file);
        var tolerance = definition.Get("tolerance");
        var compare = run.Get("compare");
        string[] outputs = [.. file.Entries.Keys.Where(static key => key.StartsWith("output.", StringComparison.Ordinal)).Select(static key => key["output.".Length..])];
        Assert.Contains("logits", outputs, "The expected logits are missing.");
        Assert.AreSequenceEqual(outputs.Order(StringComparer.Ordinal), compare.EnumerateObject().Select(static property => property.Name).Order(StringComparer.Ordinal), "What is compared.");
        foreach (var output in outputs)
        {
            if (output == "loss")
                continue;
            var expected = CausalRun.Floats(file, $"output.{output}");
            var got = result.Output(output);
            var rule = compare.Text(output);
            Compare.Floats(expected, got, tolerance.Number("outputs_atol"), tolerance.Number("outputs_rtol"), $"{what}: {output}",
                rule == "all" ? null : result.RowsThatCount(rule, output), result.RowLength(output));
        }

        CheckLoss(run.Number("loss"), result.Loss, tolerance, what);
        CheckLoss(CausalRun.Floats(file, "output.loss")[0], result.Loss, tolerance, what);
        CheckGradients(run, result, tolerance, what);
    }

    private static void CheckLoss(double expected, double got, JsonElement tolerance, string what) =>
        Compare.Number(expected, got, tolerance.Number("loss_rtol") * Math.Max(1, Math.Abs(expected)), $"{what}: loss");

    private static void CheckGradients(JsonElement run, CausalRun result, JsonElement tolerance, string what)
    {
        var (atol, rtol) = (tolerance.Number("gradient_norm_atol"), tolerance.Number("gradient_norm_rtol"));
        var norms = run.Get("gradient_norms");
        var dots = run.Get("gradient_dot_weight");
        Assert.AreSequenceEqual(norms.EnumerateObject().Select(static property => property.Name).Order(StringComparer.Ordinal), result.Gradients.Keys.Order(StringComparer.Ordinal), $"{what}: names of parameters");
        foreach (var (name, gradient) in result.Gradients)
        {
            var expected = norms.Number(name);
            Compare.Number(expected, gradient.Norm, atol + (rtol * expected), $"{what}: gradient norm of {name}");
            Compare.Number(dots.Number(name), gradient.DotWeight, atol + (rtol * expected * gradient.WeightNorm), $"{what}: gradient times weight of {name}");
        }

        var total = run.Number("total_gradient_norm");
        Compare.Number(total, Math.Sqrt(result.Gradients.Values.Sum(static gradient => gradient.Norm * gradient.Norm)), atol + (rtol * total), $"{what}: total gradient norm");
    }
}
