using System.Runtime.Intrinsics;
using Ml.Llm.Engine;

namespace Ml.Llm.Kernels;

/// <summary>The softmax of causal attention over a matrix of scores, in place, and back. Keys that a query may not see get weight 0.</summary>
internal static unsafe class SoftmaxKernels
{
    private const int RowGrain = 16;

    /// <summary>scores becomes the weights.</summary>
    /// <param name="scores">[batch, heads, length, length].</param>
    /// <param name="firstKey">[batch * length] the first key that a query sees, or null for 0.</param>
    /// <param name="batch">The number of rows.</param>
    /// <param name="heads">The number of query heads.</param>
    /// <param name="length">The number of queries and of keys.</param>
    internal static void Forward<T>(T* scores, int* firstKey, int batch, int heads, int length) where T : unmanaged, IElement<T> =>
        EngineThreads.For((long)batch * heads * length, RowGrain, (begin, end) =>
        {
            using var buffer = new RowBuffer(length);
            for (var line = begin; line < end; line++)
            {
                var (first, count) = Seen(line, firstKey, heads, length);
                ForwardRow(scores + (line * length), buffer.Values, first, count, length);
            }
        });

    /// <summary>gradient, of the weights, becomes that of the scores: w (g - sum(w g)).</summary>
    internal static void Backward<T>(T* weights, T* gradient, int* firstKey, int batch, int heads, int length) where T : unmanaged, IElement<T> =>
        EngineThreads.For((long)batch * heads * length, RowGrain, (begin, end) =>
        {
            for (var line = begin; line < end; line++)
            {
                var (first, count) = Seen(line, firstKey, heads, length);
                BackwardRow(weights + (line * length), gradient + (line * length), first, count, length);
            }
        });

    private static void ForwardRow<T>(T* row, float* buffer, int first, int count, int length) where T : unmanaged, IElement<T>
    {
        var seen = row + first;
        long readable = length - first;
        var largest = Vector512.Create(float.NegativeInfinity);
        for (var i = 0; i < count; i += Lanes.Count)
            largest = Vector512.MaxNative(largest, Lanes.LoadFirst(seen + i, count - i, readable - i, float.NegativeInfinity));
        var top = Vector512.Create(MaxOf(largest));
        // Lanes beyond the last key lie 200 below the top, where e^x is 1e-38 and counts for nothing.
        var rest = top.ToScalar() - 200;
        var total = Vector512<float>.Zero;
        for (var i = 0; i < count; i += Lanes.Count)
        {
            var value = VectorMath.Exp(Lanes.LoadFirst(seen + i, count - i, readable - i, rest) - top);
            value.Store(buffer + i);
            total += value;
        }

        var scale = Vector512.Create(1 / Vector512.Sum(total));
        for (var i = 0; i < count; i += Lanes.Count)
            Lanes.Store(seen + i, Vector512.Load(buffer + i) * scale, readable - i);
        Clear(row, first, count, length);
    }

    private static void BackwardRow<T>(T* weights, T* row, int first, int count, int length) where T : unmanaged, IElement<T>
    {
        var weight = weights + first;
        var seen = row + first;
        long readable = length - first;
        var total = Vector512<float>.Zero;
        // Weights beyond the last key are 0, so what the gradient holds there does not count.
        for (var i = 0; i < count; i += Lanes.Count)
            total = Vector512.FusedMultiplyAdd(Lanes.Load(weight + i, readable - i), Lanes.Load(seen + i, readable - i), total);
        var mean = Vector512.Create(Vector512.Sum(total));
        for (var i = 0; i < count; i += Lanes.Count)
            Lanes.Store(seen + i, Lanes.Load(weight + i, readable - i) * (Lanes.Load(seen + i, readable - i) - mean), readable - i);
        Clear(row, first, count, length);
    }

    private static void Clear<T>(T* row, int first, int count, int length) where T : unmanaged
    {
        new Span<T>(row, first).Clear();
        new Span<T>(row + first + count, length - first - count).Clear();
    }

    /// <summary>The largest lane; a NaN in any lane gives a NaN.</summary>
    internal static float MaxOf(Vector512<float> values)
    {
        var half = Vector256.Max(values.GetLower(), values.GetUpper());
        var quarter = Vector128.Max(half.GetLower(), half.GetUpper());
        var largest = quarter[0];
        for (var i = 1; i < 4; i++)
            largest = MathF.Max(largest, quarter[i]);
        return largest;
    }

    private static (int First, int Count) Seen(long line, int* firstKey, int heads, int length)
    {
        var query = (int)(line % length);
        if (firstKey is null)
            return (0, query + 1);
        var first = firstKey[(line / ((long)heads * length) * length) + query];
        return (first, query + 1 - first);
    }
}
