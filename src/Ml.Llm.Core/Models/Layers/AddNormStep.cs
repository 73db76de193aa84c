using Ml.Llm.Engine;
using Ml.Llm.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Models.Layers;

/// <summary>Residual addition and norm. Outputs the norm, and before it the sum where there is a branch and it is wanted.</summary>
internal sealed unsafe class AddNormStep(Norm norm, bool sumWanted) : LayerStep
{
    private Tensor? sum;
    private Tensor? statistics;

    internal override Tensor[] Forward(Tensor[] inputs, bool training)
    {
        var x = inputs[0]; // [N, H]
        var branch = inputs.Length > 1 ? inputs[1] : null;
        var total = branch is null ? x.alias() : empty_like(x);
        var normed = empty_like(x);
        var moments = empty([x.size(0), 2], ScalarType.Float32);
        if (x.dtype == ScalarType.Float32)
        {
            Forward((Fp32*)TensorMemory.Floats(x), branch is null ? null : (Fp32*)TensorMemory.Floats(branch),
                (Fp32*)TensorMemory.Floats(total), (Fp32*)TensorMemory.Floats(normed), moments, x.size(0), x.size(1));
        }
        else
        {
            Forward((Bf16*)TensorMemory.Bf16(x), branch is null ? null : (Bf16*)TensorMemory.Bf16(branch),
                (Bf16*)TensorMemory.Bf16(total), (Bf16*)TensorMemory.Bf16(normed), moments, x.size(0), x.size(1));
        }

        if (training)
            (sum, statistics) = (total.alias(), moments);
        else
            moments.Dispose();
        if (branch is not null && sumWanted)
            return [total, normed];
        total.Dispose();
        return [normed];
    }

    internal override Tensor?[] Backward(Tensor?[] gradients)
    {
        var normedGradient = gradients[^1];
        var sumGradient = gradients.Length > 1 ? gradients[0] : null;
        if (normedGradient is null)
            return Inputs == 1 ? [null] : [sumGradient?.alias(), sumGradient?.alias()];
        var result = empty_like(sum!);
        if (result.dtype == ScalarType.Float32)
        {
            Backward((Fp32*)TensorMemory.Floats(sum!), sumGradient is null ? null : (Fp32*)TensorMemory.Floats(sumGradient),
                (Fp32*)TensorMemory.Floats(normedGradient), (Fp32*)TensorMemory.Floats(result), result.size(0), result.size(1));
        }
        else
        {
            Backward((Bf16*)TensorMemory.Bf16(sum!), sumGradient is null ? null : (Bf16*)TensorMemory.Bf16(sumGradient),
                (Bf16*)TensorMemory.Bf16(normedGradient), (Bf16*)TensorMemory.Bf16(result), result.size(0), result.size(1));
        }

        sum!.Dispose();
        statistics!.Dispose();
        // Both summands get the gradient of the sum.
        return Inputs == 1 ? [result] : [result, result.alias()];
    }

    private void Forward<T>(T* x, T* branch, T* total, T* normed, Tensor moments, long rows, long width) where T : unmanaged, IElement<T> =>
        NormKernels.Forward(
            x, branch, total, normed,
            TensorMemory.Floats(norm.Weight.Value), norm.Bias is null ? null : TensorMemory.Floats(norm.Bias.Value),
            TensorMemory.Floats(moments), rows, width, norm.Epsilon, norm.Kind == NormKind.Layer);

    private void Backward<T>(T* total, T* sumGradient, T* normedGradient, T* result, long rows, long width) where T : unmanaged, IElement<T>
    {
        var blocks = ReductionKernels.Blocks(rows);
        var weightSums = new float[blocks * width];
        var biasSums = new float[norm.Bias is null ? 0 : blocks * width];
        fixed (float* weightBlocks = weightSums, biasBlocks = biasSums)
        {
            NormKernels.Backward(
                total, sumGradient, normedGradient, TensorMemory.Floats(norm.Weight.Value), TensorMemory.Floats(statistics!), result,
                weightBlocks, norm.Bias is null ? null : biasBlocks, rows, width, norm.Kind == NormKind.Layer);
            Add(norm.Weight, weightBlocks, blocks);
            if (norm.Bias is not null)
                Add(norm.Bias, biasBlocks, blocks);
        }
    }

    private static void Add(WeightGroup group, float* blocks, long count)
    {
        ReductionKernels.AddBlocks(blocks, TensorMemory.Floats(group.Gradient!), count, group.Shape[0], group.Written);
        group.Written = true;
    }
}
