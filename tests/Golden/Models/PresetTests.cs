using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ml.Llm.Golden.Tests;

/// <summary>presets.json: parameter counts of published models.</summary>
[TestClass, TestCategory("golden-models")]
public sealed class PresetTests
{
    private const string Area = "models";
    private const string FileName = "presets.json";

    public static IEnumerable<object[]> Presets => GoldenFolder.Rows(Area, FileName, static file => Json.Read(file).Get("presets").EnumerateArray().Select(static row => row.Text("name")));

    [TestMethod, DynamicData(nameof(Presets))]
    public void Published_models_have_their_number_of_parameters(string name)
    {
        GoldenFolder.Require(Area, name);
        var preset = Json.Read(GoldenFolder.At(Area, FileName)).Items("presets").Single(row => row.Text("name") == name);
        var family = preset.Text("model_type");
        NotYet.SkipFamily(family);
        var fields = JsonNode.Parse(preset.Get("config").GetRawText())!.AsObject();
        fields["model_type"] = family;
        var config = ModelConfig.FromJson(fields.ToJsonString(), name);
        JsonProperty[] classes = [.. preset.Get("parameters").EnumerateObject()];
        Assert.IsNotEmpty(classes, "The preset names no class.");
        foreach (var expected in classes)
        {
            // The bare model is the causal one without a head of its own.
            var bare = expected.Name is "LlamaModel" or "GPT2Model";
            Assert.IsTrue(bare || expected.Name == config.CausalClass, $"No count is known for the class {expected.Name}.");
            var counted = bare ? (config with { TieWordEmbeddings = true }).CountParameters() : config.CountParameters();
            Assert.AreEqual(expected.Value.GetInt64(), (long)counted, expected.Name);
        }
    }
}
