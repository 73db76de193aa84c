using Ml.Llm.Models;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Ml.Llm.Bench.Plain;

/// <summary>
/// The peer's way of working on our engine: a decoder of TorchSharp modules as Hugging Face's GPT-2 and LLaMA are written.
/// Weights are fp32; in bf16 every product casts its input and its weight at each use, while norms and the residual stream
/// stay fp32, as under autocast. Attention is the engine's SDPA, and the loss takes the logits of every token at once.
/// </summary>
internal sealed class PlainDecoder : nn.Module<Tensor, Tensor>
{
    private readonly DecoderShape shape;
    private readonly ScalarType compute;
    private readonly Embedding embed_tokens;
    private readonly Embedding? embed_positions;
    private readonly ModuleList<PlainBlock> layers;
    private readonly nn.Module<Tensor, Tensor> norm;
    private readonly Linear? lm_head;

    internal PlainDecoder(DecoderShape shape, ScalarType compute) : base("plain")
    {
        this.shape = shape;
        this.compute = compute;
        embed_tokens = nn.Embedding(shape.VocabSize, shape.HiddenSize);
        if (shape.InverseFrequencies is null)
            embed_positions = nn.Embedding(shape.MaxPositions, shape.HiddenSize);
        layers = nn.ModuleList(Enumerable.Range(0, shape.Layers).Select(_ => new PlainBlock(shape, compute)).ToArray());
        norm = PlainBlock.MakeNorm(shape);
        if (!shape.TiedHead)
            lm_head = nn.Linear(shape.HiddenSize, shape.VocabSize, hasBias: false);
        RegisterComponents();
    }

    /// <summary>The number of weights.</summary>
    internal long ParameterCount => parameters().Sum(static parameter => parameter.numel());

    /// <summary>Takes the weights of our model, so that both start alike.</summary>
    internal void Load(ParameterSet weights)
    {
        using var guard = no_grad();
        using var scope = NewDisposeScope();
        embed_tokens.weight!.copy_(weights["embed_tokens"].Value);
        embed_positions?.weight!.copy_(weights["embed_positions"].Value);
        for (var i = 0; i < layers.Count; i++)
            layers[i].Load(weights, $"layers.{i}.");
        PlainBlock.Load(norm, weights, "norm");
        lm_head?.weight!.copy_(weights["lm_head"].Value);
    }

    /// <summary>The logits of every token.</summary>
    /// <param name="ids">[batch, length] int64.</param>
    /// <returns>[batch, length, vocabulary] in the compute type.</returns>
    public override Tensor forward(Tensor ids)
    {
        var hidden = embed_tokens.forward(ids); // [B, T, H]
        if (embed_positions is not null)
            hidden = hidden + embed_positions.forward(arange(ids.size(1), ScalarType.Int64).unsqueeze(0));
        var rotary = shape.InverseFrequencies is { } frequencies ? Rotary(frequencies, ids.size(1)) : default;
        foreach (var layer in layers)
            hidden = layer.Forward(hidden, rotary.Cosine, rotary.Sine);
        return PlainBlock.Product(norm.forward(hidden), lm_head is null ? embed_tokens.weight! : lm_head.weight!, null, compute);
    }

    /// <summary>The mean loss of rows whose labels are the next tokens: the logits of all of them, in fp32.</summary>
    internal Tensor Loss(Tensor ids, Tensor labels)
    {
        var logits = forward(ids).to(ScalarType.Float32).view(-1, shape.VocabSize);
        return nn.functional.cross_entropy(logits, labels.view(-1), ignore_index: -100);
    }

    // [T, D], the two halves alike.
    private (Tensor Cosine, Tensor Sine) Rotary(float[] frequencies, long length)
    {
        var angles = arange(length, ScalarType.Float32).unsqueeze(1) * tensor(frequencies).unsqueeze(0);
        var both = cat([angles, angles], 1);
        return ((both.cos() * shape.RotaryScaling).to(compute), (both.sin() * shape.RotaryScaling).to(compute));
    }
}
