using Ml.Llm.Engine;
using Ml.Llm.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Models.Layers;

/// <summary>Causal attention by batched products around a softmax in place. Key-value heads are shared by groups of query heads without repeating them.</summary>
/// <remarks>Vaswani et al. (arXiv 1706.03762); grouped queries: Ainslie et al. (arXiv 2305.13245).</remarks>
internal sealed unsafe class AttendStep(AttentionGeometry attention, AttentionLayout layout) : LayerStep
{
    private readonly long groups = (long)layout.Batch * attention.KeyValueHeads;
    private readonly long queries = (long)attention.Heads / attention.KeyValueHeads * layout.Length;
    private Tensor? query;
    private Tensor? key;
    private Tensor? value;
    private Tensor? weights;

    internal override Tensor[] Forward(Tensor[] inputs, bool training)
    {
        var source = inputs[0]; // [N, (H + 2K) * D]
        query = empty([groups, queries, attention.HeadDim], source.dtype); // [B * K, H / K * T, D]
        key = empty([groups, layout.Length, attention.HeadDim], source.dtype);
        value = empty_like(key);
        weights = empty([groups, queries, layout.Length], source.dtype);
        using var mixed = empty_like(query);
        var result = empty([source.size(0), (long)attention.Heads * attention.HeadDim], source.dtype);
        if (source.dtype == ScalarType.Float32)
            Forward<Fp32>(source, mixed, result);
        else
            Forward<Bf16>(source, mixed, result);
        if (!training)
            Release();
        return [result];
    }

    internal override Tensor?[] Backward(Tensor?[] gradients)
    {
        var above = gradients[0]!;
        var result = empty([above.size(0), (attention.Heads + (2L * attention.KeyValueHeads)) * attention.HeadDim], above.dtype);
        if (above.dtype == ScalarType.Float32)
            Backward<Fp32>(above, result);
        else
            Backward<Bf16>(above, result);
        Release();
        return [result];
    }

    private static T* At<T>(Tensor tensor) where T : unmanaged, IElement<T> =>
        (T*)TensorMemory.Pointer(tensor, sizeof(T) == sizeof(float) ? ScalarType.Float32 : ScalarType.BFloat16);

    private void Forward<T>(Tensor source, Tensor mixed, Tensor result) where T : unmanaged, IElement<T>
    {
        fixed (float* cosines = attention.Rotary?.CosineArray, sines = attention.Rotary?.SineArray)
        fixed (int* positions = layout.Positions, firstKey = layout.FirstKey)
        {
            var heads = Heads(cosines, sines, positions);
            HeadKernels.Split(At<T>(source), At<T>(query!), At<T>(key!), At<T>(value!), heads, attention.Scale);
            using (var turned = key!.transpose(1, 2))
                Products.MultiplyBatch(weights!, query!, turned);
            SoftmaxKernels.Forward(At<T>(weights!), firstKey, layout.Batch, attention.Heads, layout.Length);
            Products.MultiplyBatch(mixed, weights!, value!);
            HeadKernels.Transpose(At<T>(mixed), At<T>(result), heads, toTokens: true);
        }
    }

    private void Backward<T>(Tensor above, Tensor result) where T : unmanaged, IElement<T>
    {
        fixed (float* cosines = attention.Rotary?.CosineArray, sines = attention.Rotary?.SineArray)
        fixed (int* positions = layout.Positions, firstKey = layout.FirstKey)
        {
            var heads = Heads(cosines, sines, positions);
            using var mixed = empty_like(query!);
            HeadKernels.Transpose(At<T>(mixed), At<T>(above), heads, toTokens: false);
            using var valueGradient = empty_like(value!);
            using (var turned = weights!.transpose(1, 2))
                Products.MultiplyBatch(valueGradient, turned, mixed);
            using var scores = empty_like(weights!);
            using (var turned = value!.transpose(1, 2))
                Products.MultiplyBatch(scores, mixed, turned);
            SoftmaxKernels.Backward(At<T>(weights!), At<T>(scores), firstKey, layout.Batch, attention.Heads, layout.Length);
            using var keyGradient = empty_like(key!);
            using (var turned = scores.transpose(1, 2))
                Products.MultiplyBatch(keyGradient, turned, query!);
            Products.MultiplyBatch(mixed, scores, key!); // The query's gradient takes the place of the output's.
            HeadKernels.Join(At<T>(mixed), At<T>(keyGradient), At<T>(valueGradient), At<T>(result), heads, attention.Scale);
        }
    }

    private HeadLayout Heads(float* cosines, float* sines, int* positions) => new()
    {
        Batch = layout.Batch,
        Length = layout.Length,
        Heads = attention.Heads,
        KeyValueHeads = attention.KeyValueHeads,
        HeadDim = attention.HeadDim,
        Cosines = cosines,
        Sines = sines,
        Positions = positions,
    };

    private void Release()
    {
        query!.Dispose();
        key!.Dispose();
        value!.Dispose();
        weights!.Dispose();
    }
}
