using System.Text.Json;
using Ml.Llm.Checkpoints;

namespace Ml.Llm.Golden.Tests;

/// <summary>The cases of area models, saved again: the files are those that the peer wrote.</summary>
[TestClass, TestCategory("golden-models")]
public sealed class SavedModelTests
{
    private const string Area = "models";

    // What only the peer writes, and what is added for readers of the older form.
    private static readonly string[] NotWritten = ["transformers_version"];
    private static readonly string[] Added = ["rope_theta", "rope_scaling"];

    public static IEnumerable<object[]> Cases => GoldenFolder.Folders(Area);

    [TestMethod, DynamicData(nameof(Cases))]
    public void A_model_that_was_read_is_saved_as_the_peer_saved_it(string name)
    {
        GoldenFolder.Require(Area, name);
        var folder = GoldenFolder.At(Area, name);
        var definition = Json.Read(Path.Combine(folder, "case.json"));
        NotYet.SkipFamily(definition.Text("family"));
        NotYet.SkipFeatures(definition);
        var theirs = Json.Read(Path.Combine(folder, "config.json"));
        NotYet.SkipFeatures(theirs);
        var files = new Dictionary<string, byte[]>();
        using (var model = LanguageModel.FromPretrained(folder))
        {
            model.WriteFiles((file, write) =>
            {
                using var stream = new MemoryStream();
                write(stream);
                files.Add(file, stream.ToArray());
            });
        }

        CheckConfig(theirs, files["config.json"]);
        Assert.AreSequenceEqual(File.ReadAllBytes(Path.Combine(folder, "generation_config.json")), files["generation_config.json"]);
        CheckWeights(folder, files["model.safetensors"]);
    }

    private static void CheckConfig(JsonElement theirs, byte[] written)
    {
        using var ours = JsonDocument.Parse(written);
        foreach (var field in theirs.EnumerateObject())
        {
            if (NotWritten.Contains(field.Name))
                continue;
            var expected = field.Name == "dtype" ? "float32" : field.Value.GetRawText();
            var got = ours.RootElement.Get(field.Name);
            Assert.IsTrue(field.Name == "dtype" ? got.GetString() == expected : JsonElement.DeepEquals(field.Value, got), $"{field.Name} is {got}, expected {expected}.");
        }

        var more = ours.RootElement.EnumerateObject().Select(static field => field.Name).Where(name => !theirs.TryGetProperty(name, out _));
        Assert.IsEmpty(more.Except(Added), "Fields that the peer does not write.");
    }

    // Byte for byte, where the peer's file is one, in fp32 and under the modern names.
    private static void CheckWeights(string folder, byte[] written)
    {
        var path = Path.Combine(folder, "model.safetensors");
        if (!File.Exists(path))
            return;
        using var ours = SafetensorsFile.Open(new MemoryStream(written), "written");
        using var theirs = SafetensorsFile.Open(path);
        if (theirs.Entries.Values.All(static entry => entry.DType == SafetensorsDType.F32) && theirs.Entries.Keys.ToHashSet().SetEquals(ours.Entries.Keys))
            Assert.AreSequenceEqual(File.ReadAllBytes(path), written, "model.safetensors");
    }
}
