using Ml.Llm.Generation;
using Ml.Llm.Models.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Models;

/// <summary>A decoder of any family: embeddings, layers of attention and feed-forward in pre-norm order, final norm, head.</summary>
/// <remarks>Which kinds of norm, positions and feed-forward it has is the <see cref="DecoderShape"/>'s matter; layers are <see cref="ILayers"/>.</remarks>
/// <threadsafety>Forward passes without gradients are safe from several threads; training is not.</threadsafety>
internal sealed class DecoderModel : IDisposable
{
    private readonly DecoderWeights weights;
    private readonly RotaryTable? rotary;

    /// <summary>Makes a model.</summary>
    /// <param name="shape">What it is made of.</param>
    /// <param name="compute">The type that layers compute in: Float32 or BFloat16. Weights are fp32 either way.</param>
    /// <param name="seed">Draws initial weights; null leaves them zero, to be loaded.</param>
    /// <param name="initializerRange">The standard deviation of the initial weights.</param>
    /// <param name="device">Where it lives; null for the CPU.</param>
    internal DecoderModel(DecoderShape shape, ScalarType compute = ScalarType.Float32, int? seed = null, float initializerRange = 0.02f, Device? device = null)
    {
        TorchEngine.EnsureLoaded();
        Shape = shape;
        Device = device ?? CPU;
        weights = new DecoderWeights(shape, compute, Device);
        if (seed is { } value)
            weights.Initialize(value, initializerRange);
        if (shape.InverseFrequencies is { } frequencies)
            rotary = new RotaryTable(frequencies, shape.RotaryScaling, shape.MaxPositions, Device);
        Layers = Device.type == DeviceType.CPU ? FusedLayers.Instance : PlainLayers.Instance;
    }

    /// <summary>What the model is made of.</summary>
    internal DecoderShape Shape { get; }

    /// <summary>Where it lives.</summary>
    internal Device Device { get; }

    /// <summary>All weights.</summary>
    internal ParameterSet Parameters => weights.Parameters;

    /// <summary>The layer functions in use: fused on the CPU, plain elsewhere; tests and bench choose.</summary>
    internal ILayers Layers { get; set; }

    /// <summary>Whether dropout is applied.</summary>
    internal bool Training { get; set; }

    /// <summary>Runs the model over whole rows.</summary>
    /// <param name="inputIds">[batch, length] int64.</param>
    /// <param name="layout">Which keys each query sees; null for rows without padding.</param>
    /// <param name="each">Is shown the residual stream that enters each layer, and the result, [tokens, hidden].</param>
    /// <returns>The hidden states after the final norm, [batch, length, hidden].</returns>
    /// <exception cref="ArgumentException">Shape, type or ids do not fit.</exception>
    internal Tensor Forward(Tensor inputIds, AttentionLayout? layout = null, Action<Tensor>? each = null)
    {
        CheckIds(inputIds);
        layout ??= AttentionLayout.Full((int)inputIds.size(0), (int)inputIds.size(1));
        CheckLayout(inputIds, layout);
        return Run(inputIds, layout, (queryKeyValue, geometry, _) =>
            Layers.Attend(queryKeyValue, geometry, layout, Training ? Shape.AttentionDropout : 0), each);
    }

    /// <summary>Runs the model over new tokens that follow those in a cache, and appends them to it. Without gradients.</summary>
    /// <param name="inputIds">[batch, new tokens] int64.</param>
    /// <param name="cache">What was seen before; advanced.</param>
    /// <returns>The new tokens' hidden states after the final norm, [batch, new tokens, hidden].</returns>
    /// <exception cref="ArgumentException">Shape, type or ids do not fit, or a position lies beyond the model's.</exception>
    internal Tensor ForwardCached(Tensor inputIds, KeyValueCache cache)
    {
        using var guard = no_grad();
        using var scope = NewDisposeScope();
        CheckIds(inputIds);
        var length = (int)inputIds.size(1);
        var layout = AttentionLayout.Continued(cache.PadCounts, cache.Length, length);
        CheckLayout(inputIds, layout);
        var hidden = CachedAttention.HiddenKeys(cache, length, Device);
        var result = Run(inputIds, layout, (queryKeyValue, geometry, layer) =>
            CachedAttention.Attend(queryKeyValue, geometry, layer, layout, cache, hidden));
        cache.Advance(length);
        return result.MoveToOuterDisposeScope();
    }

    /// <summary>The logits of hidden states.</summary>
    /// <param name="hidden">[..., hidden].</param>
    /// <returns>[..., vocabulary] fp32.</returns>
    internal Tensor Logits(Tensor hidden)
    {
        if (hidden.size(-1) != Shape.HiddenSize)
            throw new ArgumentException($"Hidden states are {Shape.HiddenSize} wide here, not {hidden.size(-1)}.", nameof(hidden));
        var rows = hidden.reshape(-1, Shape.HiddenSize);
        var logits = Layers.Linear(rows, weights.Head, null).to(ScalarType.Float32);
        return logits.view([.. hidden.shape.AsSpan(0, (int)hidden.dim() - 1), Shape.VocabSize]);
    }

    /// <summary>The language-modelling loss.</summary>
    /// <param name="hidden">[batch, length, hidden] from <see cref="Forward"/>.</param>
    /// <param name="labels">[batch, length] int64: the token that follows each place, or -100 for none.</param>
    /// <param name="scale">What the summed loss is multiplied by.</param>
    internal LossResult CausalLoss(Tensor hidden, Tensor labels, double scale)
    {
        if (labels.dtype != ScalarType.Int64 || labels.numel() * Shape.HiddenSize != hidden.numel())
            throw new ArgumentException($"Labels must be int64 and one a token, not {labels.dtype}[{string.Join(",", labels.shape)}].", nameof(labels));
        TokenIds.Check(labels, Shape.VocabSize, nameof(labels), allowIgnored: true);
        return Layers.CrossEntropy(hidden.view(-1, Shape.HiddenSize), labels.reshape(-1), weights.Head, scale);
    }

    public void Dispose()
    {
        rotary?.Dispose();
        weights.Dispose();
    }

    /// <summary>The layers, with attention given from outside: over whole rows, or with a cache.</summary>
    internal Tensor Run(Tensor inputIds, AttentionLayout layout, Func<Tensor, AttentionGeometry, int, Tensor> attend, Action<Tensor>? each = null)
    {
        var (batch, length) = (inputIds.size(0), inputIds.size(1));
        var stream = Layers.Embed(inputIds, weights.Tokens, weights.Positions, layout, Shape.PaddingToken, Parameters.ComputeType);
        stream = Drop(stream, Shape.EmbeddingDropout);
        Tensor? branch = null;
        for (var i = 0; i < Shape.Layers; i++)
        {
            var layer = weights.Layers[i];
            (stream, var normed) = Layers.AddNorm(stream, branch, layer.AttentionNorm);
            each?.Invoke(stream);
            var queryKeyValue = Layers.Linear(normed, layer.QueryKeyValue, layer.QueryKeyValueBias);
            var geometry = new AttentionGeometry(Shape.Heads, Shape.KeyValueHeads, Shape.HeadDim, Shape.AttentionScale(i), rotary);
            var mixed = attend(queryKeyValue, geometry, i);
            branch = Drop(Layers.Linear(mixed, layer.Output, layer.OutputBias), Shape.ResidualDropout);
            (stream, normed) = Layers.AddNorm(stream, branch, layer.FeedForwardNorm);
            var inner = Shape.Gated
                ? Layers.Gate(Layers.Linear(normed, layer.Up, layer.UpBias), Shape.Activation)
                : Layers.LinearActivation(normed, layer.Up, layer.UpBias, Shape.Activation);
            branch = Drop(Layers.Linear(inner, layer.Down, layer.DownBias), Shape.ResidualDropout);
        }

        var last = Layers.AddNormLast(stream, branch, weights.FinalNorm);
        each?.Invoke(last);
        return last.view(batch, length, Shape.HiddenSize);
    }

    private Tensor Drop(Tensor x, double rate) => Training && rate > 0 ? nn.functional.dropout(x, rate, training: true) : x;

    private void CheckIds(Tensor inputIds)
    {
        if (inputIds.dim() != 2 || inputIds.dtype != ScalarType.Int64 || inputIds.numel() == 0)
            throw new ArgumentException($"Token ids must be int64 [batch, length], not {inputIds.dtype}[{string.Join(",", inputIds.shape)}].", nameof(inputIds));
        TokenIds.Check(inputIds, Shape.VocabSize, nameof(inputIds), allowIgnored: false);
    }

    private void CheckLayout(Tensor inputIds, AttentionLayout layout)
    {
        if (layout.Batch != inputIds.size(0) || layout.Length != inputIds.size(1))
            throw new ArgumentException($"The layout is for {layout.Batch} x {layout.Length} tokens, the ids are {inputIds.size(0)} x {inputIds.size(1)}.", nameof(layout));
        var last = layout.Positions is { } positions ? positions.Max() : layout.Length - 1;
        if (last >= Shape.MaxPositions)
            throw new ArgumentException($"Position {last} is beyond the model's {Shape.MaxPositions} positions: shorten the rows, or take a model with a longer context.", nameof(layout));
    }
}
