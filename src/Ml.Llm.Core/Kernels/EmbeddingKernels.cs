using Ml.Llm.Engine;

namespace Ml.Llm.Kernels;

/// <summary>Looking rows of tables up, and adding gradients back to them.</summary>
internal static unsafe class EmbeddingKernels
{
    private const int RowGrain = 64;

    /// <summary>result[i] = table[ids[i]] + positions[places[i]].</summary>
    /// <param name="table">[vocabulary, width] fp32.</param>
    /// <param name="ids">[rows].</param>
    /// <param name="positions">[positions, width] fp32, or null.</param>
    /// <param name="places">[rows] the position of each token, or null for its place in a row of the length given.</param>
    /// <param name="length">The number of tokens in a row.</param>
    /// <param name="result">[rows, width].</param>
    /// <param name="rows">The number of tokens.</param>
    /// <param name="width">The width of a row.</param>
    internal static void Forward<T>(float* table, long* ids, float* positions, int* places, int length, T* result, long rows, long width)
        where T : unmanaged, IElement<T> =>
        EngineThreads.For(rows, RowGrain, (begin, end) =>
        {
            for (var row = begin; row < end; row++)
            {
                var from = (Fp32*)table + (ids[row] * width);
                var place = places is null ? row % length : places[row];
                for (long i = 0; i < width; i += Lanes.Count)
                {
                    var value = Lanes.Load(from + i, width - i);
                    if (positions is not null)
                        value += Lanes.Load((Fp32*)positions + (place * width) + i, width - i);
                    Lanes.Store(result + (row * width) + i, value, width - i);
                }
            }
        });

    /// <summary>table[ids[i]] += gradient[i], in the order of i whatever the number of threads: each has columns of its own.</summary>
    /// <param name="gradient">[rows, width].</param>
    /// <param name="ids">[rows], or null for the place in a row of the length given.</param>
    /// <param name="skipped">An id that gets nothing, or -1.</param>
    /// <param name="length">The number of tokens in a row.</param>
    /// <param name="table">[vocabulary, width] fp32.</param>
    /// <param name="rows">The number of tokens.</param>
    /// <param name="width">The width of a row.</param>
    internal static void Scatter<T>(T* gradient, long* ids, long skipped, int length, float* table, long rows, long width)
        where T : unmanaged, IElement<T>
    {
        var slices = (width + Lanes.Count - 1) / Lanes.Count;
        EngineThreads.For(slices, 1, (begin, end) =>
        {
            var last = Math.Min(width, end * Lanes.Count);
            for (long row = 0; row < rows; row++)
            {
                var id = ids is null ? row % length : ids[row];
                if (id == skipped)
                    continue;
                for (var i = begin * Lanes.Count; i < last; i += Lanes.Count)
                {
                    var into = (Fp32*)table + (id * width) + i;
                    Lanes.Store(into, Lanes.Load(into, width - i) + Lanes.Load(gradient + (row * width) + i, width - i), width - i);
                }
            }
        });
    }
}
