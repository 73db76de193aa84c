using Ml.Llm.Engine;
using Ml.Llm.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Models.Layers;

/// <summary>Causal attention in bf16 by <see cref="TileAttention"/>: memory grows with the length, not with its square.</summary>
internal sealed unsafe class TileAttendStep(AttentionGeometry attention, AttentionLayout layout) : LayerStep
{
    private readonly int room = TileAttention.RoomFor(layout.Length);
    private Tensor? query;
    private Tensor? key;
    private Tensor? value;
    private Tensor? mixed;
    private Tensor? denominators;

    internal override Tensor[] Forward(Tensor[] inputs, bool training)
    {
        var source = inputs[0]; // [N, (H + 2K) * D]
        (query, key, value) = (Empty(attention.Heads), Empty(attention.KeyValueHeads), Empty(attention.KeyValueHeads));
        mixed = Empty(attention.Heads);
        denominators = empty([(long)layout.Batch * attention.Heads, room], ScalarType.Float32);
        var result = empty([source.size(0), (long)attention.Heads * attention.HeadDim], source.dtype);
        fixed (float* cosines = attention.Rotary?.CosineArray, sines = attention.Rotary?.SineArray)
        fixed (int* positions = layout.Positions, firstKey = layout.FirstKey)
        {
            var heads = attention.For(layout, room, cosines, sines, positions);
            HeadKernels.Split(At(source), At(query), At(key), At(value), heads, attention.Scale);
            TileAttention.Forward(Tensors(firstKey), heads);
            HeadKernels.Transpose(At(mixed), At(result), heads, toTokens: true);
        }

        if (!training)
            Release();
        return [result];
    }

    internal override Tensor?[] Backward(Tensor?[] gradients)
    {
        var tokens = gradients[0]!;
        var result = empty([tokens.size(0), (attention.Heads + (2L * attention.KeyValueHeads)) * attention.HeadDim], tokens.dtype);
        using var above = Empty(attention.Heads);
        using var queryGradient = Empty(attention.Heads);
        using var keyGradient = Empty(attention.KeyValueHeads);
        using var valueGradient = Empty(attention.KeyValueHeads);
        fixed (float* cosines = attention.Rotary?.CosineArray, sines = attention.Rotary?.SineArray)
        fixed (int* positions = layout.Positions, firstKey = layout.FirstKey)
        {
            var heads = attention.For(layout, room, cosines, sines, positions);
            HeadKernels.Transpose(At(above), At(tokens), heads, toTokens: false);
            TileAttention.Backward(Tensors(firstKey), TensorMemory.Bf16(above), heads, TensorMemory.Bf16(queryGradient), TensorMemory.Bf16(keyGradient), TensorMemory.Bf16(valueGradient));
            HeadKernels.Join(At(queryGradient), At(keyGradient), At(valueGradient), At(result), heads, attention.Scale);
        }

        Release();
        return [result];
    }

    private static Bf16* At(Tensor tensor) => (Bf16*)TensorMemory.Bf16(tensor);

    /// <summary>[B * heads, room, D], zeros where there is more room than tokens.</summary>
    private Tensor Empty(int heads)
    {
        long[] shape = [(long)layout.Batch * heads, room, attention.HeadDim];
        return room == layout.Length ? empty(shape, ScalarType.BFloat16) : zeros(shape, ScalarType.BFloat16);
    }

    private AttentionTensors Tensors(int* firstKey) => new()
    {
        Query = TensorMemory.Bf16(query!),
        Key = TensorMemory.Bf16(key!),
        Value = TensorMemory.Bf16(value!),
        Mixed = TensorMemory.Bf16(mixed!),
        Denominators = TensorMemory.Floats(denominators!),
        FirstKey = firstKey,
    };

    private void Release()
    {
        query!.Dispose();
        key!.Dispose();
        value!.Dispose();
        mixed!.Dispose();
        denominators!.Dispose();
    }
}
