using Ml.Llm.Kernels;
using static TorchSharp.torch;

namespace Ml.Llm.Models.Layers;

/// <summary>
/// The few functions that every decoder is made of, each with forward and backward. Tokens are rows: tensors are
/// [tokens, width] with tokens = batch * length.
/// </summary>
/// <remarks>
/// <see cref="FusedLayers"/> has them written by hand for the CPU; <see cref="PlainLayers"/> is the twin of plain operators,
/// which they equal, and which serves other devices and what the fused ones do not take. Gradients of weights go to
/// <see cref="WeightGroup.Gradient"/>, those of activations through autograd.
/// </remarks>
internal interface ILayers
{
    /// <summary>Looks tokens up, and adds the rows of their positions where there is such a table.</summary>
    /// <param name="ids">[batch, length] int64, checked to lie in the vocabulary.</param>
    /// <param name="tokens">[vocabulary, hidden].</param>
    /// <param name="positions">[positions, hidden], or null.</param>
    /// <param name="layout">Gives the positions.</param>
    /// <param name="paddingToken">A token whose row gets no gradient, or null.</param>
    /// <param name="type">The type to compute in.</param>
    /// <returns>[tokens, hidden].</returns>
    Tensor Embed(Tensor ids, WeightGroup tokens, WeightGroup? positions, AttentionLayout layout, int? paddingToken, ScalarType type);

    /// <summary>x W' + b.</summary>
    /// <param name="x">[tokens, in].</param>
    /// <param name="weight">[out, in].</param>
    /// <param name="bias">[out], or null.</param>
    /// <returns>[tokens, out].</returns>
    Tensor Linear(Tensor x, WeightGroup weight, WeightGroup? bias);

    /// <summary>activation(x W' + b).</summary>
    Tensor LinearActivation(Tensor x, WeightGroup weight, WeightGroup? bias, Activation activation);

    /// <summary>activation(gate) * up, for gate and up side by side.</summary>
    /// <param name="gateUp">[tokens, 2 * inner].</param>
    /// <param name="activation">The gate's activation.</param>
    /// <returns>[tokens, inner].</returns>
    Tensor Gate(Tensor gateUp, Activation activation);

    /// <summary>Adds a branch to the residual stream and normalizes the sum.</summary>
    /// <param name="x">[tokens, hidden] the residual stream.</param>
    /// <param name="branch">[tokens, hidden] what is added to it, or null.</param>
    /// <param name="norm">What normalizes.</param>
    /// <returns>The sum and its norm, both [tokens, hidden].</returns>
    (Tensor Sum, Tensor Normed) AddNorm(Tensor x, Tensor? branch, Norm norm);

    /// <summary>The norm of the sum, where the sum itself is not needed any more.</summary>
    Tensor AddNormLast(Tensor x, Tensor? branch, Norm norm);

    /// <summary>Causal attention with rotary positions, from query, key and value side by side to the heads' outputs side by side.</summary>
    /// <param name="queryKeyValue">[tokens, (heads + 2 kv heads) * head dim].</param>
    /// <param name="attention">Heads, scale and rotary table.</param>
    /// <param name="layout">Which keys each query sees.</param>
    /// <param name="dropout">The share of attention weights dropped, 0 outside training.</param>
    /// <returns>[tokens, heads * head dim].</returns>
    Tensor Attend(Tensor queryKeyValue, AttentionGeometry attention, AttentionLayout layout, double dropout);

    /// <summary>The summed cross-entropy of the rows that have a label, times a scale; logits are never kept.</summary>
    /// <param name="hidden">[tokens, hidden].</param>
    /// <param name="labels">[tokens] int64; -100 is no label.</param>
    /// <param name="head">[vocabulary, hidden].</param>
    /// <param name="scale">What the sum is multiplied by: 1 / tokens of the whole step makes a mean.</param>
    LossResult CrossEntropy(Tensor hidden, Tensor labels, WeightGroup head, double scale);
}

/// <summary>A norm's kind, weights and epsilon.</summary>
internal sealed record Norm(NormKind Kind, WeightGroup Weight, WeightGroup? Bias, float Epsilon);

/// <summary>Heads, scale and rotary table of one layer's attention.</summary>
internal sealed record AttentionGeometry(int Heads, int KeyValueHeads, int HeadDim, float Scale, RotaryTable? Rotary)
{
    /// <summary>What kernels are given of these heads and of the rows; the pointers are those of pinned arrays.</summary>
    internal unsafe HeadLayout For(AttentionLayout rows, int room, float* cosines, float* sines, int* positions) => new()
    {
        Batch = rows.Batch,
        Length = rows.Length,
        Room = room,
        Heads = Heads,
        KeyValueHeads = KeyValueHeads,
        HeadDim = HeadDim,
        Cosines = cosines,
        Sines = sines,
        Positions = positions,
    };
}

/// <summary>A loss: the scalar to call backward on, the number of labels, and the sum of their negative log-likelihoods in nats.</summary>
internal readonly record struct LossResult(Tensor Loss, long Count, double Sum);
