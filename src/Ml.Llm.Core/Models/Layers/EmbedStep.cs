using Ml.Llm.Engine;
using Ml.Llm.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Models.Layers;

/// <summary>Token rows, and position rows where there are any. Its one input is the token table's leaf, so that autograd records it.</summary>
internal sealed unsafe class EmbedStep(Tensor ids, WeightGroup tokens, WeightGroup? positions, AttentionLayout layout, int? paddingToken, ScalarType type) : LayerStep
{
    internal override Tensor[] Forward(Tensor[] inputs, bool training)
    {
        var (rows, width) = (ids.numel(), tokens.Shape[1]);
        var result = empty([rows, width], type);
        var table = TensorMemory.Floats(tokens.Value);
        var places = positions is null ? null : TensorMemory.Floats(positions.Value);
        fixed (int* given = layout.Positions)
        {
            if (type == ScalarType.Float32)
                EmbeddingKernels.Forward(table, TensorMemory.Longs(ids), places, given, layout.Length, (Fp32*)TensorMemory.Floats(result), rows, width);
            else
                EmbeddingKernels.Forward(table, TensorMemory.Longs(ids), places, given, layout.Length, (Bf16*)TensorMemory.Bf16(result), rows, width);
        }

        return [result];
    }

    internal override Tensor?[] Backward(Tensor?[] gradients)
    {
        var above = gradients[0]!;
        if (above.dtype == ScalarType.Float32)
            Scatter((Fp32*)TensorMemory.Floats(above), above.size(0), above.size(1));
        else
            Scatter((Bf16*)TensorMemory.Bf16(above), above.size(0), above.size(1));
        return [null];
    }

    private void Scatter<T>(T* above, long rows, long width) where T : unmanaged, IElement<T>
    {
        EmbeddingKernels.Scatter(above, TensorMemory.Longs(ids), paddingToken ?? -1, layout.Length, TensorMemory.Floats(tokens.GradientToAddTo()), rows, width);
        if (positions is null)
            return;
        var places = layout.Positions is null ? null : Array.ConvertAll(layout.Positions, static position => (long)position);
        fixed (long* given = places)
            EmbeddingKernels.Scatter(above, given, -1, layout.Length, TensorMemory.Floats(positions.GradientToAddTo()), rows, width);
    }
}
