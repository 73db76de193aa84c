using static TorchSharp.torch;

namespace Ml.Llm.Models;

/// <summary>
/// Weights that one layer function uses as one matrix or vector: a single parameter, or several that lie side by side in
/// the flat buffers (query, key and value; gate and up), which makes fusing their products free.
/// </summary>
/// <remarks>
/// The gradient of a group counts as zero at the start of a step: the first function that writes overwrites, later ones
/// add. That saves clearing the whole buffer in every step.
/// </remarks>
internal sealed class WeightGroup
{
    internal WeightGroup(IReadOnlyList<Parameter> parameters, long[] shape)
    {
        Parameters = parameters;
        Shape = shape;
    }

    /// <summary>The parameters, in the order of their rows.</summary>
    internal IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>The shape of the whole: [rows, columns] or [rows].</summary>
    internal long[] Shape { get; }

    /// <summary>The fp32 master weights. While training, a leaf of autograd whose gradient is <see cref="Gradient"/>.</summary>
    internal Tensor Value { get; set; } = null!;

    /// <summary>The weights in the compute type: <see cref="Value"/> itself for fp32, a bf16 copy otherwise.</summary>
    internal Tensor Compute { get; set; } = null!;

    /// <summary>The fp32 gradient; null until training is enabled.</summary>
    internal Tensor? Gradient { get; set; }

    /// <summary>Whether something has been written to the gradient in this step.</summary>
    internal bool Written { get; set; }

    /// <summary>Gets the gradient ready for adding to it: cleared if nothing was written in this step.</summary>
    internal Tensor GradientToAddTo()
    {
        var gradient = Gradient ?? throw new InvalidOperationException($"{Parameters[0].Name} is not being trained.");
        if (!Written)
        {
            gradient.zero_();
            Written = true;
        }

        return gradient;
    }
}
