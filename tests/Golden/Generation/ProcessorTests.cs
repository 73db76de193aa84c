using System.Text.Json;
using Ml.Llm.Checkpoints;
using Ml.Llm.Generation;
using TorchSharp;

namespace Ml.Llm.Golden.Tests;

/// <summary>processors.jsonl: the steps between logits and the choice of a token, one by one and in chains.</summary>
[TestClass, TestCategory("golden-generation")]
public sealed class ProcessorTests
{
    private const string Area = "generation";
    private const string FileName = "processors.jsonl";

    // Parts of a chain's parameters that say how the peer is called, not what is computed by a step of ours.
    private static readonly string[] Circumstances = ["encoder_input_ids", "decoder_prompt_length", "max_length", "eos_token_id"];

    public static IEnumerable<object[]> Cases => JsonLines.Names(Area, FileName);

    [TestMethod, DynamicData(nameof(Cases))]
    public void Steps_change_scores_as_the_peers_do(string name)
    {
        GoldenFolder.Require(Area, name);
        var row = JsonLines.Find(Area, FileName, name);
        NotYet.SkipFeatures(row);
        TorchEngine.EnsureLoaded();
        using var file = SafetensorsFile.Open(GoldenFolder.At(Area, "processors.safetensors"));
        using var ids = file.Read($"{name}.input_ids");
        using var scores = file.Read($"{name}.scores");
        using var output = file.Read($"{name}.output");
        var parameters = row.Get("parameters");
        var steps = StepsOf(row.Text("processor"), parameters);
        for (var i = 0; i < scores.size(0); i++)
        {
            var tokens = Array.ConvertAll(ids[i].data<long>().ToArray(), static id => (int)id)[Ignored(parameters, i)..];
            var got = scores[i].data<float>().ToArray();
            foreach (var step in steps)
                step.Apply(got, tokens);
            var expected = output[i].data<float>().ToArray();
            for (var token = 0; token < expected.Length; token++)
            {
                if (float.IsInfinity(expected[token]))
                    Assert.AreEqual(expected[token], got[token], $"row {i}, token {token}");
                else
                    Compare.Number(expected[token], got[token], 1e-5 * Math.Abs(expected[token]), $"row {i}, token {token}");
            }
        }
    }

    private static IScoreStep[] StepsOf(string processor, JsonElement parameters)
    {
        if (processor == "chain")
            return ChainOf(parameters);
        var keep = parameters.TryGetProperty("min_tokens_to_keep", out var given) ? given.GetInt32() : 1;
        return processor switch
        {
            "TemperatureLogitsWarper" => [new TemperatureStep(parameters.Number("temperature"))],
            "TopKLogitsWarper" => [new TopKStep((int)parameters.Integer("top_k"), keep)],
            "TopPLogitsWarper" => [new TopPStep(parameters.Number("top_p"), keep)],
            "MinPLogitsWarper" => [new MinPStep(parameters.Number("min_p"), keep)],
            "RepetitionPenaltyLogitsProcessor" => [new RepetitionPenaltyStep(parameters.Number("penalty"))],
            _ => throw new AssertFailedException($"The processor {processor} is not known, and not-yet.txt does not name it."),
        };
    }

    private static IScoreStep[] ChainOf(JsonElement parameters)
    {
        var options = new GenerationOptions();
        foreach (var parameter in parameters.EnumerateObject())
        {
            if (!Circumstances.Contains(parameter.Name))
                options = GenerationArguments.Set(options, parameter.Name, parameter.Value);
        }

        return [.. TokenChooser.StepsOf(options)];
    }

    // How many of a row's first tokens the penalty leaves alone: the prompt or its left padding.
    private static int Ignored(JsonElement parameters, int row)
    {
        if (!parameters.TryGetProperty("prompt_ignore_length", out var value))
            return 0;
        return value.ValueKind == JsonValueKind.Array ? value[row].GetInt32() : value.GetInt32();
    }
}
