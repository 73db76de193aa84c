using System.Text.Json;
using System.Text.Json.Nodes;
using Ml.Llm.Checkpoints;
using Ml.Llm.Generation;
using TorchSharp;

namespace Ml.Llm.Golden.Tests;

/// <summary>cases.jsonl, stop_strings.jsonl and the cache_ rows of logprobs.jsonl: whole models generate.</summary>
[TestClass, TestCategory("golden-generation")]
public sealed class GenerateTests
{
    private const string Area = "generation";

    public static IEnumerable<object[]> Cases => JsonLines.Names(Area, "cases.jsonl");

    public static IEnumerable<object[]> StopCases => JsonLines.Names(Area, "stop_strings.jsonl");

    public static IEnumerable<object[]> LogProbabilityCases => JsonLines.Names(Area, "logprobs.jsonl");

    [TestMethod, DynamicData(nameof(Cases))]
    public void Sequences_and_log_probabilities_equal_the_peers(string name) => Check("cases.jsonl", name);

    [TestMethod, DynamicData(nameof(StopCases))]
    public void Stop_strings_end_rows_where_the_peer_ends_them(string name) => Check("stop_strings.jsonl", name);

    [TestMethod, DynamicData(nameof(LogProbabilityCases))]
    public void Chunks_with_a_cache_give_the_logits_of_the_whole(string name)
    {
        GoldenFolder.Require(Area, name);
        var row = JsonLines.Find(Area, "logprobs.jsonl", name);
        NotYet.SkipFeatures(row);
        using var model = Load(row.Text("model"));
        using var file = SafetensorsFile.Open(GoldenFolder.At(Area, "logprobs.safetensors"));
        using var scope = torch.NewDisposeScope();
        var (ids, mask, expected) = (file.Read($"{name}.input_ids"), file.Read($"{name}.attention_mask"), file.Read($"{name}.logits"));
        var (batch, length) = ((int)ids.size(0), (int)ids.size(1));
        var ones = mask.data<long>().ToArray();
        int[] padding = [.. Enumerable.Range(0, batch).Select(i => Array.IndexOf(ones, 1, i * length) - (i * length))];
        var shape = model.Network.Shape;
        using var cache = new KeyValueCache(shape.Layers, batch, shape.KeyValueHeads, length, shape.HeadDim, torch.ScalarType.Float32, padding);
        int[] borders = [.. row.Items("chunks").Select(static item => item.GetInt32())];
        Assert.AreEqual(length, borders[^1]);
        var parts = borders.Zip(borders.Skip(1)).Select(pair =>
            model.Network.Logits(model.Network.ForwardCached(ids.narrow(1, pair.First, pair.Second - pair.First).contiguous(), cache))).ToArray();
        var got = torch.cat(parts, 1);
        Compare.Floats(expected.data<float>().ToArray(), got.data<float>().ToArray(), 2e-4, 2e-5, "logits", token => ones[token] == 1, shape.VocabSize);
    }

    private static void Check(string file, string name)
    {
        GoldenFolder.Require(Area, name);
        var row = JsonLines.Find(Area, file, name);
        var folder = row.Text("model");
        var config = Json.Read(GoldenFolder.At(Area, "models", folder, "config.json"));
        NotYet.SkipFamily(config.Text("model_type"));
        var arguments = Arguments(folder, row.Get("arguments"));
        NotYet.SkipFeatures(JsonSerializer.SerializeToElement(new JsonObject { ["arguments"] = arguments }));

        var options = new GenerationOptions();
        foreach (var (argument, value) in arguments)
            options = GenerationArguments.Set(options, argument, JsonSerializer.SerializeToElement(value));
        using var model = Load(folder);
        var stop = options.StopStrings.Count == 0 ? null : new StopStrings(model.Tokenizer!, options.StopStrings);
        int[] end = model.Config.EosTokenId is { } id ? [id] : [];
        var prompts = Prompts(row);
        var generated = new SequenceGenerator(model.Network, options, end, stop)
            .Generate(prompts, [.. prompts.Select(static (_, i) => (ulong)i)], logProbabilities: true);

        var expected = row.Get("expected");
        var width = row.Items("input_ids")[0].GetArrayLength();
        var ends = options.EosTokenIds is { Count: > 0 } || (options.EosTokenIds is null && end.Length > 0);
        for (var i = 0; i < generated.Length; i++)
        {
            int[] ids = [.. expected.Items("sequences")[i].EnumerateArray().Skip(width).Select(static token => token.GetInt32())];
            Assert.AreSequenceEqual(ids[..Math.Min(ids.Length, generated[i].Ids.Count)], generated[i].Ids, $"row {i}");
            // What follows in the peer's row is padding; without an end token the peer lets a row write on until all have stopped.
            if (ends && generated[i].Reason != FinishReason.Length)
                Assert.IsLessThanOrEqualTo(1, ids[generated[i].Ids.Count..].Distinct().Count(), $"row {i}");
            else if (generated[i].Reason == FinishReason.Length)
                Assert.HasCount(ids.Length, generated[i].Ids, $"row {i}");
            if (!expected.TryGetProperty("token_logprobs", out var logProbabilities))
                continue;
            float[] values = [.. logProbabilities[i].EnumerateArray().Take(generated[i].Ids.Count).Select(static value => value.GetSingle())];
            Compare.Floats(values, [.. generated[i].LogProbabilities!], 2e-4, 2e-5, $"log-probabilities of row {i}");
        }
    }

    // What the model's own file gives, overridden by the case.
    private static JsonObject Arguments(string model, JsonElement given)
    {
        var path = GoldenFolder.At(Area, "models", model, "generation_config.json");
        var arguments = File.Exists(path) ? JsonNode.Parse(File.ReadAllText(path))!.AsObject() : [];
        foreach (var argument in given.EnumerateObject())
            arguments[argument.Name] = JsonNode.Parse(argument.Value.GetRawText());
        return arguments;
    }

    private static int[][] Prompts(JsonElement row)
    {
        var ids = row.Items("input_ids");
        var mask = row.Get("attention_mask");
        return [.. ids.Select((tokens, i) => tokens.EnumerateArray().Select(static token => token.GetInt32())
            .Where((_, t) => mask.ValueKind == JsonValueKind.Null || mask[i][t].GetInt32() == 1).ToArray())];
    }

    private static LanguageModel Load(string folder) => LanguageModel.FromPretrained(GoldenFolder.At(Area, "models", folder));
}
