using Ml.Llm.Models;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Ml.Llm.Bench.Plain;

/// <summary>One layer of <see cref="PlainDecoder"/>: attention and feed-forward, each behind its norm.</summary>
internal sealed class PlainBlock : nn.Module
{
    private readonly DecoderShape shape;
    private readonly ScalarType compute;
    private readonly nn.Module<Tensor, Tensor> norm1;
    private readonly nn.Module<Tensor, Tensor> norm2;
    private readonly Linear q;
    private readonly Linear k;
    private readonly Linear v;
    private readonly Linear o;
    private readonly Linear? gate;
    private readonly Linear up;
    private readonly Linear down;

    internal PlainBlock(DecoderShape shape, ScalarType compute) : base("block")
    {
        this.shape = shape;
        this.compute = compute;
        var (hidden, heads, groups) = (shape.HiddenSize, (long)shape.Heads * shape.HeadDim, (long)shape.KeyValueHeads * shape.HeadDim);
        norm1 = MakeNorm(shape);
        norm2 = MakeNorm(shape);
        q = nn.Linear(hidden, heads, shape.QueryKeyValueBias);
        k = nn.Linear(hidden, groups, shape.QueryKeyValueBias);
        v = nn.Linear(hidden, groups, shape.QueryKeyValueBias);
        o = nn.Linear(heads, hidden, shape.AttentionOutputBias);
        gate = shape.Gated ? nn.Linear(hidden, shape.IntermediateSize, shape.FeedForwardBias) : null;
        up = nn.Linear(hidden, shape.IntermediateSize, shape.FeedForwardBias);
        down = nn.Linear(shape.IntermediateSize, hidden, shape.FeedForwardBias);
        RegisterComponents();
    }

    internal Tensor Forward(Tensor hidden, Tensor? cosine, Tensor? sine)
    {
        hidden = hidden + Attend(norm1.forward(hidden), cosine, sine);
        return hidden + FeedForward(norm2.forward(hidden));
    }

    internal void Load(ParameterSet weights, string prefix)
    {
        Load(norm1, weights, prefix + "norm1");
        Load(norm2, weights, prefix + "norm2");
        (string, Linear?)[] all = [("q", q), ("k", k), ("v", v), ("o", o), ("gate", gate), ("up", up), ("down", down)];
        foreach (var (name, linear) in all)
        {
            linear?.weight!.copy_(weights[$"{prefix}{name}.weight"].Value);
            linear?.bias?.copy_(weights[$"{prefix}{name}.bias"].Value);
        }
    }

    internal static void Load(nn.Module<Tensor, Tensor> norm, ParameterSet weights, string name)
    {
        foreach (var (part, parameter) in norm.named_parameters())
            parameter.copy_(weights[$"{name}.{part}"].Value);
    }

    internal static nn.Module<Tensor, Tensor> MakeNorm(DecoderShape shape) => shape.Norm == NormKind.Layer
        ? nn.LayerNorm(shape.HiddenSize, shape.NormEpsilon)
        : new PlainRmsNorm(shape.HiddenSize, shape.NormEpsilon);

    /// <summary>x W' + b in the compute type, everything cast where it is used.</summary>
    internal static Tensor Product(Tensor x, Tensor weight, Tensor? bias, ScalarType compute) =>
        nn.functional.linear(x.to(compute), weight.to(compute), bias?.to(compute));

    private Tensor Product(Tensor x, Linear layer) => Product(x, layer.weight!, layer.bias, compute);

    private Tensor Attend(Tensor x, Tensor? cosine, Tensor? sine)
    {
        var (batch, length) = (x.size(0), x.size(1));
        Tensor Heads(Linear layer) => Product(x, layer).view(batch, length, -1, shape.HeadDim).transpose(1, 2); // [B, H, T, D]
        var (query, key, value) = (Heads(q), Heads(k), Heads(v));
        if (cosine is not null && sine is not null)
        {
            query = (query * cosine) + (RotateHalf(query) * sine);
            key = (key * cosine) + (RotateHalf(key) * sine);
        }

        if (shape.KeyValueHeads != shape.Heads)
        {
            key = key.repeat_interleave(shape.Heads / shape.KeyValueHeads, 1);
            value = value.repeat_interleave(shape.Heads / shape.KeyValueHeads, 1);
        }

        var mixed = nn.functional.scaled_dot_product_attention(query, key, value, is_casual: true);
        return Product(mixed.transpose(1, 2).reshape(batch, length, -1), o);
    }

    private Tensor FeedForward(Tensor x)
    {
        var inner = gate is null
            ? Activate(Product(x, up))
            : Activate(Product(x, gate)) * Product(x, up);
        return Product(inner, down);
    }

    private Tensor Activate(Tensor x) => shape.Activation switch
    {
        Activation.GeluTanh => nn.functional.gelu(x, GELU.Approximate.tanh),
        Activation.Gelu => nn.functional.gelu(x),
        Activation.Silu => nn.functional.silu(x),
        _ => throw new NotSupportedException($"The bench has no shape with {shape.Activation}."),
    };

    private static Tensor RotateHalf(Tensor x)
    {
        var half = x.size(-1) / 2;
        return cat([-x.narrow(-1, half, half), x.narrow(-1, 0, half)], -1);
    }
}

/// <summary>RMSNorm of composed operators, as Hugging Face has it.</summary>
internal sealed class PlainRmsNorm : nn.Module<Tensor, Tensor>
{
    private readonly TorchSharp.Modules.Parameter weight;
    private readonly double epsilon;

    internal PlainRmsNorm(long width, double epsilon) : base("rms_norm")
    {
        this.epsilon = epsilon;
        weight = nn.Parameter(ones(width));
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => weight * (x * (x.pow(2).mean([-1L], keepdim: true) + epsilon).rsqrt());
}
