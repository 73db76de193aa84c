using Ml.Llm.Engine;
using Ml.Llm.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Models.Layers;

/// <summary>
/// Causal attention by batched products around a softmax in place. Key-value heads are shared by groups of query heads
/// without repeating them. A few rows at a time, so that scores are still in the cache when they are used.
/// </summary>
/// <remarks>Vaswani et al. (arXiv 1706.03762); grouped queries: Ainslie et al. (arXiv 2305.13245).</remarks>
internal sealed unsafe class AttendStep(AttentionGeometry attention, AttentionLayout layout) : LayerStep
{
    /// <summary>Scores of the rows that are worked on together take about this many bytes.</summary>
    private const long ChunkBytes = 1L << 20;

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
            var heads = attention.For(layout, layout.Length, cosines, sines, positions);
            HeadKernels.Split(At<T>(source), At<T>(query!), At<T>(key!), At<T>(value!), heads, attention.Scale);
            for (var row = 0; row < layout.Batch; row += RowsAtOnce<T>())
            {
                using var scope = NewDisposeScope();
                var rows = Math.Min(RowsAtOnce<T>(), layout.Batch - row);
                var scores = Part(weights!, row, rows);
                Products.MultiplyBatch(scores, Part(query!, row, rows), Part(key!, row, rows).transpose(1, 2));
                SoftmaxKernels.Forward(At<T>(scores), FirstKeys(firstKey, row), rows, attention.Heads, layout.Length);
                Products.MultiplyBatch(Part(mixed, row, rows), scores, Part(value!, row, rows));
            }

            HeadKernels.Transpose(At<T>(mixed), At<T>(result), heads, toTokens: true);
        }
    }

    private void Backward<T>(Tensor resultGradient, Tensor result) where T : unmanaged, IElement<T>
    {
        fixed (float* cosines = attention.Rotary?.CosineArray, sines = attention.Rotary?.SineArray)
        fixed (int* positions = layout.Positions, firstKey = layout.FirstKey)
        {
            var heads = attention.For(layout, layout.Length, cosines, sines, positions);
            using var mixed = empty_like(query!);
            HeadKernels.Transpose(At<T>(mixed), At<T>(resultGradient), heads, toTokens: false);
            using var valueGradient = empty_like(value!);
            using var keyGradient = empty_like(key!);
            for (var row = 0; row < layout.Batch; row += RowsAtOnce<T>())
            {
                using var scope = NewDisposeScope();
                var rows = Math.Min(RowsAtOnce<T>(), layout.Batch - row);
                var (shares, above) = (Part(weights!, row, rows), Part(mixed, row, rows));
                Products.MultiplyBatch(Part(valueGradient, row, rows), shares.transpose(1, 2), above);
                var scores = empty_like(shares);
                Products.MultiplyBatch(scores, above, Part(value!, row, rows).transpose(1, 2));
                SoftmaxKernels.Backward(At<T>(shares), At<T>(scores), FirstKeys(firstKey, row), rows, attention.Heads, layout.Length);
                Products.MultiplyBatch(Part(keyGradient, row, rows), scores.transpose(1, 2), Part(query!, row, rows));
                Products.MultiplyBatch(above, scores, Part(key!, row, rows)); // The query's gradient takes the place of the output's.
            }

            HeadKernels.Join(At<T>(mixed), At<T>(keyGradient), At<T>(valueGradient), At<T>(result), heads, attention.Scale);
        }
    }

    private int RowsAtOnce<T>() where T : unmanaged =>
        (int)Math.Clamp(ChunkBytes / ((long)attention.Heads * layout.Length * layout.Length * sizeof(T)), 1, layout.Batch);

    /// <summary>The heads of some rows of the batch.</summary>
    private Tensor Part(Tensor whole, int row, int rows) => whole.narrow(0, (long)row * attention.KeyValueHeads, (long)rows * attention.KeyValueHeads);

    private int* FirstKeys(int* all, int row) => all is null ? null : all + (row * layout.Length);

    private void Release()
    {
        query!.Dispose();
        key!.Dispose();
        value!.Dispose();
        weights!.Dispose();
    }
}
