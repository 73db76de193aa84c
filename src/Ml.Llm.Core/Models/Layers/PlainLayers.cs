using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Ml.Llm.Models.Layers;

/// <summary>The layer functions by plain operators and autograd: the slow, obvious twins.</summary>
/// <remarks>Weights are cast to the type of what they meet at each use. Serves every device and every shape.</remarks>
internal sealed class PlainLayers : ILayers
{
    internal static PlainLayers Instance { get; } = new();

    public Tensor Embed(Tensor ids, WeightGroup tokens, WeightGroup? positions, AttentionLayout layout, int? paddingToken, ScalarType type)
    {
        var flat = ids.view(-1);
        var rows = Use(tokens).index_select(0, flat); // [N, H]
        if (paddingToken is { } padding)
            rows = where(flat.eq(padding).unsqueeze(1), rows.detach(), rows);
        if (positions is not null)
            rows = rows + Use(positions).index_select(0, Positions(layout, ids.device));
        return rows.to(type);
    }

    public Tensor Linear(Tensor x, WeightGroup weight, WeightGroup? bias) =>
        functional.linear(x, Use(weight).to(x.dtype), bias is null ? null : Use(bias).to(x.dtype));

    public Tensor LinearActivation(Tensor x, WeightGroup weight, WeightGroup? bias, Activation activation) =>
        Activate(Linear(x, weight, bias), activation);

    public Tensor Gate(Tensor gateUp, Activation activation)
    {
        var inner = gateUp.size(1) / 2;
        return Activate(gateUp.narrow(1, 0, inner), activation) * gateUp.narrow(1, inner, inner);
    }

    public (Tensor Sum, Tensor Normed) AddNorm(Tensor x, Tensor? branch, Norm norm)
    {
        var sum = branch is null ? x : x + branch;
        var weight = Use(norm.Weight);
        if (norm.Kind == NormKind.Layer)
        {
            var bias = norm.Bias is null ? null : Use(norm.Bias).to(sum.dtype);
            return (sum, functional.layer_norm(sum, [sum.size(1)], weight.to(sum.dtype), bias, norm.Epsilon));
        }

        // RMSNorm in fp32, as the peers do: Zhang and Sennrich (arXiv 1910.07467).
        var wide = sum.to(ScalarType.Float32);
        var normed = wide * (wide.pow(2).mean([-1L], keepdim: true) + norm.Epsilon).rsqrt();
        return (sum, weight.to(sum.dtype) * normed.to(sum.dtype));
    }

    public Tensor AddNormLast(Tensor x, Tensor? branch, Norm norm) => AddNorm(x, branch, norm).Normed;

    public Tensor Attend(Tensor queryKeyValue, AttentionGeometry attention, AttentionLayout layout, double dropout)
    {
        var (query, key, value) = SplitHeads(queryKeyValue, attention, layout);
        if (attention.KeyValueHeads != attention.Heads)
        {
            key = key.repeat_interleave(attention.Heads / attention.KeyValueHeads, 1);
            value = value.repeat_interleave(attention.Heads / attention.KeyValueHeads, 1);
        }

        var scores = query.matmul(key.transpose(-2, -1)) * attention.Scale; // [B, H, T, T]
        var hidden = HiddenKeys(layout, queryKeyValue.device);
        var weights = functional.softmax(scores.to(ScalarType.Float32).masked_fill(hidden, float.NegativeInfinity), -1).to(query.dtype);
        if (dropout > 0)
            weights = functional.dropout(weights, dropout, training: true);
        var mixed = weights.matmul(value); // [B, H, T, D]
        return mixed.transpose(1, 2).reshape(queryKeyValue.size(0), (long)attention.Heads * attention.HeadDim);
    }

    public LossResult CrossEntropy(Tensor hidden, Tensor labels, WeightGroup head, double scale)
    {
        var logits = functional.linear(hidden, Use(head).to(hidden.dtype)).to(ScalarType.Float32);
        var sum = functional.cross_entropy(logits, labels, ignore_index: -100, reduction: Reduction.Sum);
        var count = labels.ne(-100).sum().item<long>();
        return new LossResult(sum * scale, count, sum.item<float>());
    }

    /// <summary>Query [batch, heads, length, head dim], key and value [batch, kv heads, length, head dim], after rotary positions.</summary>
    internal static (Tensor Query, Tensor Key, Tensor Value) SplitHeads(Tensor queryKeyValue, AttentionGeometry attention, AttentionLayout layout)
    {
        var (heads, groups, width) = (attention.Heads, attention.KeyValueHeads, attention.HeadDim);
        var all = queryKeyValue.view(layout.Batch, layout.Length, heads + (2 * groups), width).transpose(1, 2); // [B, H + 2K, T, D]
        var query = all.narrow(1, 0, heads);
        var key = all.narrow(1, heads, groups);
        var value = all.narrow(1, heads + groups, groups);
        if (attention.Rotary is { } rotary)
        {
            var positions = Positions(layout, queryKeyValue.device);
            query = Rotate(query, rotary, positions, layout);
            key = Rotate(key, rotary, positions, layout);
        }

        return (query, key, value);
    }

    /// <summary>An activation by name.</summary>
    internal static Tensor Activate(Tensor x, Activation activation) => activation switch
    {
        Activation.Gelu => functional.gelu(x),
        Activation.GeluTanh => functional.gelu(x, TorchSharp.Modules.GELU.Approximate.tanh),
        Activation.Silu => functional.silu(x),
        Activation.Relu => functional.relu(x),
        Activation.Tanh => x.tanh(),
        _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, "This activation is not known."),
    };

    private static Tensor Rotate(Tensor x, RotaryTable rotary, Tensor positions, AttentionLayout layout)
    {
        // [B, 1, T, D / 2], broadcast over heads.
        var cosine = rotary.Cosines.index_select(0, positions).view(layout.Batch, 1, layout.Length, rotary.Half).to(x.dtype);
        var sine = rotary.Sines.index_select(0, positions).view(layout.Batch, 1, layout.Length, rotary.Half).to(x.dtype);
        var first = x.narrow(3, 0, rotary.Half);
        var second = x.narrow(3, rotary.Half, rotary.Half);
        return cat([(first * cosine) - (second * sine), (second * cosine) + (first * sine)], 3);
    }

    private static Tensor Positions(AttentionLayout layout, Device device) => layout.Positions is { } given
        ? tensor(Array.ConvertAll(given, static position => (long)position), device: device)
        : arange(layout.Length, ScalarType.Int64, device).repeat(layout.Batch);

    /// <summary>[B or 1, 1, T, T] true where a query may not see a key.</summary>
    private static Tensor HiddenKeys(AttentionLayout layout, Device device)
    {
        var places = arange(layout.Length, ScalarType.Int64, device);
        var hidden = places.unsqueeze(0).gt(places.unsqueeze(1)).view(1, 1, layout.Length, layout.Length);
        if (layout.FirstKey is null)
            return hidden;
        var first = tensor(layout.FirstKey, device: device).view(layout.Batch, 1, layout.Length, 1);
        return hidden.logical_or(places.view(1, 1, 1, -1).lt(first));
    }

    /// <summary>The master weight; autograd adds its gradient to the flat one, so that has to be ready for adding.</summary>
    private static Tensor Use(WeightGroup group)
    {
        if (group.Gradient is not null && is_grad_enabled())
            group.GradientToAddTo();
        return group.Value;
    }
}
