using System.Text.Json;
using System.Text.Json.Nodes;
using Ml.Llm.Models;
using Ml.Llm.Models.Layers;
using TorchSharp;

namespace Ml.Llm.Golden.Tests;

/// <summary>rope.json: rotary frequencies of real sizes for every scaling.</summary>
[TestClass, TestCategory("golden-models")]
public sealed class RopeTests
{
    private const string Area = "models";
    private const string FileName = "rope.json";

    public static IEnumerable<object[]> Rows => GoldenFolder.Rows(Area, FileName, static file => Json.Read(file).Get("rows").EnumerateArray().Select(static row => row.Text("what")));

    [TestMethod, DynamicData(nameof(Rows))]
    public void Frequencies_and_angles_equal_the_peers(string what)
    {
        GoldenFolder.Require(Area, what);
        var file = Json.Read(GoldenFolder.At(Area, FileName));
        var row = file.Items("rows").Single(item => item.Text("what") == what);
        NotYet.SkipFeatures(row.Get("config"));
        var fields = JsonNode.Parse(row.Get("config").GetRawText())!.AsObject();
        fields["model_type"] ??= LlamaConfig.Family;
        fields["max_position_embeddings"] ??= 2048;
        var config = ModelConfig.FromJson(fields.ToJsonString(), what);
        var shape = config.ToShape();
        var frequencies = shape.InverseFrequencies ?? throw new AssertFailedException("The model has no rotary positions.");

        var expected = row.Floats("inv_freq");
        Compare.Floats(expected, frequencies, 0, file.Get("tolerance").Number("inv_freq_rtol"), "inv_freq");
        Compare.Number(row.Number("attention_scaling"), shape.RotaryScaling, 1e-6, "attention_scaling");

        TorchEngine.EnsureLoaded();
        int[] positions = [.. row.Items("positions").Select(static item => item.GetInt32())];
        using var table = new RotaryTable(frequencies, shape.RotaryScaling, positions.Max() + 1, torch.CPU);
        for (var i = 0; i < positions.Length; i++)
        {
            var tolerance = (2e-7 * positions[i]) + 1e-6;
            var range = (positions[i] * table.Half)..((positions[i] + 1) * table.Half);
            Compare.Floats(Line(row, "cos", i), table.CosineArray.AsSpan(range), tolerance, 0, $"cos at {positions[i]}");
            Compare.Floats(Line(row, "sin", i), table.SineArray.AsSpan(range), tolerance, 0, $"sin at {positions[i]}");
        }
    }

    private static float[] Line(JsonElement row, string name, int index) => [.. row.Items(name)[index].EnumerateArray().Select(static item => item.GetSingle())];
}
