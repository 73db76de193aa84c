using System.Runtime.Intrinsics;
using Ml.Llm.Engine;

namespace Ml.Llm.Kernels;

/// <summary>Sums whose result does not depend on the number of threads: fixed blocks, added up in their order.</summary>
internal static unsafe class ReductionKernels
{
    /// <summary>The number of rows whose sum is one block's.</summary>
    internal const int BlockRows = 64;

    private const int AddGrain = 32 * 1024;

    /// <summary>The number of blocks that rows make.</summary>
    internal static long Blocks(long rows) => (rows + BlockRows - 1) / BlockRows;

    /// <summary>sums (+)= the sum over the rows of x: the gradient of a bias.</summary>
    /// <param name="x">[rows, width].</param>
    /// <param name="sums">[width].</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="width">The width of a row.</param>
    /// <param name="add">Whether to add to what is there.</param>
    internal static void ColumnSums<T>(T* x, float* sums, long rows, long width, bool add) where T : unmanaged, IElement<T>
    {
        using var buffer = new RowBuffer(Blocks(rows) * width);
        var blocks = buffer.Values; // The buffer itself cannot be captured.
        EngineThreads.For(Blocks(rows), 1, (begin, end) =>
        {
            for (var block = begin; block < end; block++)
            {
                var first = block * BlockRows;
                SumBlock(x + (first * width), blocks + (block * width), Math.Min(rows - first, BlockRows), width);
            }
        });
        AddBlocks(blocks, sums, Blocks(rows), width, add);
    }

    /// <summary>Four vectors of columns at a time, so that sums stay in registers down the block.</summary>
    private static void SumBlock<T>(T* x, float* sums, long rows, long width) where T : unmanaged, IElement<T>
    {
        long i = 0;
        for (; i + (4 * Lanes.Count) <= width; i += 4 * Lanes.Count)
        {
            var (a, b, c, d) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
            var cell = x + i;
            for (long row = 0; row < rows; row++, cell += width)
            {
                a += T.Load(cell);
                b += T.Load(cell + Lanes.Count);
                c += T.Load(cell + (2 * Lanes.Count));
                d += T.Load(cell + (3 * Lanes.Count));
            }

            a.Store(sums + i);
            b.Store(sums + i + Lanes.Count);
            c.Store(sums + i + (2 * Lanes.Count));
            d.Store(sums + i + (3 * Lanes.Count));
        }

        for (; i < width; i += Lanes.Count)
        {
            var total = Vector512<float>.Zero;
            for (long row = 0; row < rows; row++)
                total += Lanes.Load(x + (row * width) + i, width - i);
            Lanes.Store((Fp32*)sums + i, total, width - i);
        }
    }

    /// <summary>sums (+)= the sum of blocks of width elements, in their order.</summary>
    internal static void AddBlocks(float* blocks, float* sums, long count, long width, bool add)
    {
        if (!add)
            new Span<float>(sums, checked((int)width)).Clear();
        for (long block = 0; block < count; block++)
        {
            var from = (Fp32*)blocks + (block * width);
            for (long i = 0; i < width; i += Lanes.Count)
            {
                var into = (Fp32*)sums + i;
                Lanes.Store(into, Lanes.Load(into, width - i) + Lanes.Load(from + i, width - i), width - i);
            }
        }
    }

    /// <summary>destination (+)= source, widened to fp32: where a product's bf16 result joins the flat gradient.</summary>
    internal static void Accumulate<T>(T* source, float* destination, long count, bool add) where T : unmanaged, IElement<T> =>
        EngineThreads.For(count, AddGrain, (begin, end) =>
        {
            var into = (Fp32*)destination;
            for (var i = begin; i < end; i += Lanes.Count)
            {
                var value = Lanes.Load(source + i, end - i);
                Lanes.Store(into + i, add ? value + Lanes.Load(into + i, end - i) : value, end - i);
            }
        });
}
