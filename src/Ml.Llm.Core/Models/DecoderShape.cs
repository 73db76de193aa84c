namespace Ml.Llm.Models;

/// <summary>How a layer normalizes.</summary>
internal enum NormKind
{
    /// <summary>LayerNorm: mean and variance, with weight and bias.</summary>
    Layer,

    /// <summary>RMSNorm: root of the mean square, with weight alone.</summary>
    Rms,
}

/// <summary>An activation function, by Hugging Face's meaning of the names.</summary>
internal enum Activation
{
    /// <summary>x Φ(x), with the error function (gelu).</summary>
    Gelu,

    /// <summary>The tanh form of GELU (gelu_new, gelu_pytorch_tanh).</summary>
    GeluTanh,

    /// <summary>x σ(x) (silu, swish).</summary>
    Silu,

    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>The hyperbolic tangent.</summary>
    Tanh,
}

/// <summary>
/// What a decoder is made of, whatever its family: families differ by these numbers and by the names of their weights.
/// </summary>
internal sealed record DecoderShape
{
    /// <summary>The number of tokens in the vocabulary.</summary>
    public required int VocabSize { get; init; }

    /// <summary>The width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>The number of layers.</summary>
    public required int Layers { get; init; }

    /// <summary>The number of query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>The number of key-value heads; <see cref="Heads"/> is a multiple of it.</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>The width of a head.</summary>
    public required int HeadDim { get; init; }

    /// <summary>The inner width of the feed-forward.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>The longest sequence.</summary>
    public required int MaxPositions { get; init; }

    /// <summary>How layers normalize.</summary>
    public required NormKind Norm { get; init; }

    /// <summary>Added to variance or mean square.</summary>
    public required float NormEpsilon { get; init; }

    /// <summary>
    /// Rotary frequencies, HeadDim / 2 of them (angle = position x frequency; pairs are (i, i + HeadDim / 2)), or null for learned positions.
    /// </summary>
    public float[]? InverseFrequencies { get; init; }

    /// <summary>Rotary cosines and sines are multiplied by it (yarn).</summary>
    public float RotaryScaling { get; init; } = 1;

    /// <summary>The feed-forward's activation.</summary>
    public required Activation Activation { get; init; }

    /// <summary>Whether the feed-forward is gated: activation(gate x) * (up x).</summary>
    public required bool Gated { get; init; }

    /// <summary>Whether query, key and value have biases.</summary>
    public bool QueryKeyValueBias { get; init; }

    /// <summary>Whether the attention's output has a bias.</summary>
    public bool AttentionOutputBias { get; init; }

    /// <summary>Whether the feed-forward has biases.</summary>
    public bool FeedForwardBias { get; init; }

    /// <summary>Whether the head is the embedding table.</summary>
    public required bool TiedHead { get; init; }

    /// <summary>What scores are multiplied by in each layer; null for 1 / sqrt(HeadDim) everywhere.</summary>
    public float[]? AttentionScales { get; init; }

    /// <summary>The token whose row of the embedding gets no gradient from looking it up (LLaMA's padding_idx), or null.</summary>
    public int? PaddingToken { get; init; }

    /// <summary>Dropout after the embeddings, in training only.</summary>
    public double EmbeddingDropout { get; init; }

    /// <summary>Dropout on the output of attention and feed-forward, in training only.</summary>
    public double ResidualDropout { get; init; }

    /// <summary>Dropout on attention's weights, in training only.</summary>
    public double AttentionDropout { get; init; }

    /// <summary>The width of query, key and value side by side.</summary>
    internal int QueryKeyValueSize => (Heads + (2 * KeyValueHeads)) * HeadDim;

    /// <summary>What the scores of a layer are multiplied by.</summary>
    internal float AttentionScale(int layer) => AttentionScales is { } scales ? scales[layer] : 1 / MathF.Sqrt(HeadDim);
}
