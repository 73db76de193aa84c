using System.Globalization;
using System.Runtime.InteropServices;
using Ml.Llm.Checkpoints;
using Ml.Llm.Models;
using Ml.Llm.Models.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Golden.Tests;

/// <summary>One forward and backward pass of a causal language model over the inputs of a case, and all that it gave.</summary>
internal sealed class CausalRun : IDisposable
{
    private static readonly string[] KnownInputs = ["input.input_ids", "input.attention_mask", "input.position_ids", "input.labels"];
    private readonly DisposeScope scope;
    private readonly Dictionary<string, Tensor> outputs = [];
    private long[]? mask;
    private long length;

    private CausalRun(DisposeScope scope) => this.scope = scope;

    internal double Loss { get; private set; }

    internal IReadOnlyDictionary<string, (double Norm, double DotWeight, double WeightNorm)> Gradients { get; private set; } = null!;

    /// <summary>Runs the model, whose training is enabled.</summary>
    internal static CausalRun Execute(LanguageModel model, SafetensorsFile file)
    {
        foreach (var input in file.Entries.Keys.Where(static key => key.StartsWith("input.", StringComparison.Ordinal)))
            Assert.Contains(input, KnownInputs, $"The input {input} is not known.");
        var run = new CausalRun(NewDisposeScope());
        run.RunModel(model, file);
        return run;
    }

    /// <summary>A tensor of the file as floats.</summary>
    internal static float[] Floats(SafetensorsFile file, string name)
    {
        using var tensor = file.Read(name);
        return Elements<float>(tensor.to(ScalarType.Float32));
    }

    /// <summary>An output by Hugging Face's name.</summary>
    internal float[] Output(string name)
    {
        Assert.IsTrue(outputs.TryGetValue(name, out var tensor), $"The model gives no output {name}.");
        return Elements<float>(tensor!);
    }

    /// <summary>The number of elements that belong to one token, or one query of a head.</summary>
    internal int RowLength(string name) => (int)outputs[name].size(-1);

    /// <summary>Which rows of an output count under a rule other than all: those of tokens whose mask is one.</summary>
    internal Func<int, bool> RowsThatCount(string rule, string name)
    {
        Assert.AreEqual("attention_mask", rule, $"The rule for {name} is not known.");
        var ones = mask ?? throw new AssertFailedException("The case gives no attention_mask.");
        // Attentions are [batch, heads, query, key]; everything else is [batch, token, ...].
        var rowsInBatch = outputs[name].dim() == 4 ? outputs[name].size(1) * length : length;
        return row => ones[(row / rowsInBatch * length) + (row % length)] == 1;
    }

    public void Dispose()
    {
        scope.Dispose();
    }

    private void RunModel(LanguageModel model, SafetensorsFile file)
    {
        var network = model.Network;
        var ids = file.Read("input.input_ids");
        length = ids.size(1);
        var layout = Layout(file, ids);
        network.Parameters.BeginStep();
        var entering = 0;
        var hidden = network.Run(ids, layout, Attend, stream =>
            outputs.Add(string.Create(CultureInfo.InvariantCulture, $"hidden_states.{entering++}"), stream.detach().view(ids.size(0), length, -1)));
        using (no_grad())
            outputs.Add("logits", network.Logits(hidden));
        var labels = Shift(file.Read("input.labels"));
        var count = labels.ne(TokenIds.Ignored).sum().item<long>();
        var loss = network.CausalLoss(hidden, labels, 1.0 / count);
        Assert.AreEqual(count, loss.Count);
        Loss = loss.Loss.item<float>();
        loss.Loss.backward();
        network.Parameters.FinishBackward();
        Gradients = Measure(model);

        Tensor Attend(Tensor queryKeyValue, AttentionGeometry geometry, int layer)
        {
            using (no_grad())
                outputs.Add(string.Create(CultureInfo.InvariantCulture, $"attentions.{layer}"), Probabilities(queryKeyValue.detach(), geometry, layout));
            return network.Layers.Attend(queryKeyValue, geometry, layout, 0);
        }
    }

    private AttentionLayout Layout(SafetensorsFile file, Tensor ids)
    {
        var (batch, width) = ((int)ids.size(0), (int)ids.size(1));
        mask = file.Entries.ContainsKey("input.attention_mask") ? Elements<long>(file.Read("input.attention_mask")) : null;
        var firstKey = mask is null ? new int[batch * width] : AttentionLayout.FromMask(mask, batch, width).FirstKey!;
        int[] positions = file.Entries.ContainsKey("input.position_ids")
            ? [.. Elements<long>(file.Read("input.position_ids")).Select(static position => (int)position)]
            : [.. Enumerable.Range(0, batch * width).Select(place => place % width)];
        return AttentionLayout.Custom(firstKey, positions, batch, width);
    }

    // labels[t] is the target of position t - 1.
    private static Tensor Shift(Tensor labels)
    {
        var shifted = full_like(labels, TokenIds.Ignored);
        shifted.narrow(1, 0, labels.size(1) - 1).copy_(labels.narrow(1, 1, labels.size(1) - 1));
        return shifted;
    }

    private static Tensor Probabilities(Tensor queryKeyValue, AttentionGeometry geometry, AttentionLayout layout)
    {
        var (query, key, _) = PlainLayers.SplitHeads(queryKeyValue, geometry, layout);
        var scores = query.matmul(key.repeat_interleave(geometry.Heads / geometry.KeyValueHeads, 1).transpose(-2, -1)) * geometry.Scale;
        var places = arange(layout.Length, ScalarType.Int64);
        var first = tensor(layout.FirstKey!).view(layout.Batch, 1, layout.Length, 1);
        var seen = places.view(1, 1, 1, -1).ge(first).logical_and(places.view(1, 1, 1, -1).le(places.view(1, 1, -1, 1)));
        return scores.masked_fill(seen.logical_not(), float.NegativeInfinity).softmax(-1);
    }

    private static Dictionary<string, (double, double, double)> Measure(LanguageModel model)
    {
        using var guard = no_grad();
        var weights = ModelTensors.Values(model.Config, model.Network).ToDictionary(static named => named.Name, static named => named.Value.to(ScalarType.Float64));
        return ModelTensors.Gradients(model.Config, model.Network).ToDictionary(static named => named.Name, named =>
        {
            var gradient = named.Value.to(ScalarType.Float64);
            var weight = weights[named.Name];
            return (gradient.norm().item<double>(), (gradient * weight).sum().item<double>(), weight.norm().item<double>());
        });
    }

    private static T[] Elements<T>(Tensor tensor) where T : unmanaged => MemoryMarshal.Cast<byte, T>(tensor.contiguous().bytes).ToArray();
}
