using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ml.Llm.Kernels;

/// <summary>
/// Copies of bf16 matrices in the order in which <see cref="Engine.TileKernel"/> reads them. Two elements that are multiplied
/// one after the other make a pair, and pairs are moved as 32-bit integers.
/// </summary>
internal static unsafe class TilePacking
{
    /// <summary>Elements 0 to 15 of two vectors in turn, and 16 to 31; 32 and more mean the second vector.</summary>
    private static readonly Vector512<ushort> LowPairs = (Vector512<ushort>.Indices >> 1) + ((Vector512<ushort>.Indices & Vector512<ushort>.One) << 5);
    private static readonly Vector512<ushort> HighPairs = LowPairs + Vector512.Create((ushort)16);

    /// <summary>The number of columns of a panel.</summary>
    internal const int Width = 64;

    /// <summary>Elements whose pairs already lie side by side: columns of the panel are rows of the source (a weight [out, in]).</summary>
    /// <param name="source">The first row of the panel's.</param>
    /// <param name="rows">The rows there are, at most <see cref="Width"/>; a multiple of 16. The panel's other columns become 0.</param>
    /// <param name="depth">The elements of a row; a multiple of 32.</param>
    /// <param name="stride">From one row to the next, in elements.</param>
    /// <param name="panel">[depth / 2, Width] pairs.</param>
    internal static void PanelOfRows(ushort* source, long rows, long depth, long stride, uint* panel)
    {
        for (long row = 0; row < Width; row += Lanes.Count)
        {
            for (long pair = 0; pair < depth / 2; pair += Lanes.Count)
            {
                if (row < rows)
                    Transpose((uint*)(source + (row * stride)) + pair, stride / 2, panel + (pair * Width) + row, Width);
                else
                    Clear(panel + (pair * Width) + row, Lanes.Count, Width);
            }
        }
    }

    /// <summary>Pairs of rows interleaved: columns of the panel are columns of the source.</summary>
    /// <param name="source">The first row and column of the panel's.</param>
    /// <param name="columns">The columns there are, at most <see cref="Width"/>; a multiple of 16. The others become 0.</param>
    /// <param name="rows">The rows there are.</param>
    /// <param name="depth">The rows of the panel, even, at least rows; those beyond become 0.</param>
    /// <param name="stride">From one row to the next, in elements.</param>
    /// <param name="panel">[depth / 2, Width] pairs.</param>
    internal static void PanelOfColumns(ushort* source, long columns, long rows, long depth, long stride, uint* panel)
    {
        for (long pair = 0; pair < depth / 2; pair++, panel += Width)
        {
            for (long column = 0; column < Width; column += 2 * Lanes.Count)
            {
                var (low, high) = Pairs(source + column, 2 * pair, rows, columns - column, stride);
                low.Store(panel + column);
                high.Store(panel + column + Lanes.Count);
            }
        }
    }

    /// <summary>A block of the source turned over: its columns become rows.</summary>
    /// <param name="source">The block's first row and column.</param>
    /// <param name="rows">The rows there are.</param>
    /// <param name="columns">The columns, which become rows; a multiple of 16.</param>
    /// <param name="depth">The length of the new rows, a multiple of 32, at least rows; what lies beyond becomes 0.</param>
    /// <param name="stride">From one row of the source to the next, in elements.</param>
    /// <param name="turned">[columns, depth].</param>
    internal static void Turn(ushort* source, long rows, long columns, long depth, long stride, ushort* turned)
    {
        const int Block = Lanes.Count * Lanes.Count;
        var blocks = stackalloc uint[2 * Block];
        for (long pair = 0; pair < depth / 2; pair += Lanes.Count)
        {
            for (long column = 0; column < columns; column += 2 * Lanes.Count)
            {
                for (var i = 0; i < Lanes.Count; i++)
                {
                    var (low, high) = Pairs(source + column, 2 * (pair + i), rows, columns - column, stride);
                    low.Store(blocks + (i * Lanes.Count));
                    high.Store(blocks + Block + (i * Lanes.Count));
                }

                var into = (uint*)(turned + (column * depth)) + pair;
                Transpose(blocks, Lanes.Count, into, depth / 2);
                if (column + Lanes.Count < columns)
                    Transpose(blocks + Block, Lanes.Count, into + (Lanes.Count * depth / 2), depth / 2);
            }
        }
    }

    /// <summary>Thirty-two pairs of a row and the next one; 0 where the source has no such row or column.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<uint> Low, Vector512<uint> High) Pairs(ushort* source, long row, long rows, long columns, long stride)
    {
        var first = Row(source + (row * stride), row < rows ? columns : 0);
        var second = Row(source + ((row + 1) * stride), row + 1 < rows ? columns : 0);
        return (Avx512BW.PermuteVar32x16x2(first, LowPairs, second).AsUInt32(), Avx512BW.PermuteVar32x16x2(first, HighPairs, second).AsUInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ushort> Row(ushort* source, long columns) => columns switch
    {
        >= 2 * Lanes.Count => Vector512.Load(source),
        >= Lanes.Count => Vector512.Create(Vector256.Load(source), Vector256<ushort>.Zero),
        _ => Vector512<ushort>.Zero,
    };

    private static void Clear(uint* destination, long rows, long stride)
    {
        for (long row = 0; row < rows; row++)
            Vector512<uint>.Zero.Store(destination + (row * stride));
    }

    /// <summary>Sixteen by sixteen integers turned over, in four rounds: within pairs and fours of rows, then across the registers' quarters.</summary>
    internal static void Transpose(uint* source, long stride, uint* destination, long destinationStride)
    {
        for (var half = 0; half < 2; half++)
        {
            // Each half writes the columns 0, 1 or 2, 3 of every quarter; the loads are made twice so that all stays in registers.
            var (a0, a1) = Four(source, stride, half);
            var (b0, b1) = Four(source + (4 * stride), stride, half);
            var (c0, c1) = Four(source + (8 * stride), stride, half);
            var (d0, d1) = Four(source + (12 * stride), stride, half);
            Quarters(a0, b0, c0, d0, destination + (2 * half * destinationStride), destinationStride);
            Quarters(a1, b1, c1, d1, destination + (((2 * half) + 1) * destinationStride), destinationStride);
        }
    }

    /// <summary>Of four rows, columns 0 and 1 of each quarter, or 2 and 3: each a vector whose quarters hold four rows' elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<ulong> Even, Vector512<ulong> Odd) Four(uint* source, long stride, int half)
    {
        var (r0, r1) = (Vector512.Load(source), Vector512.Load(source + stride));
        var (r2, r3) = (Vector512.Load(source + (2 * stride)), Vector512.Load(source + (3 * stride)));
        var first = (half == 0 ? Avx512F.UnpackLow(r0, r1) : Avx512F.UnpackHigh(r0, r1)).AsUInt64();
        var second = (half == 0 ? Avx512F.UnpackLow(r2, r3) : Avx512F.UnpackHigh(r2, r3)).AsUInt64();
        return (Avx512F.UnpackLow(first, second), Avx512F.UnpackHigh(first, second));
    }

    /// <summary>Writes quarter q of the four vectors, one after the other, to row 4q of the destination.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quarters(Vector512<ulong> a, Vector512<ulong> b, Vector512<ulong> c, Vector512<ulong> d, uint* destination, long stride)
    {
        const byte Even = 0x88; // Quarters 0 and 2 of either operand.
        const byte Odd = 0xdd; // Quarters 1 and 3.
        var (low, high) = (Avx512F.Shuffle4x128(a, b, Even), Avx512F.Shuffle4x128(c, d, Even));
        Avx512F.Shuffle4x128(low, high, Even).AsUInt32().Store(destination);
        Avx512F.Shuffle4x128(low, high, Odd).AsUInt32().Store(destination + (8 * stride));
        (low, high) = (Avx512F.Shuffle4x128(a, b, Odd), Avx512F.Shuffle4x128(c, d, Odd));
        Avx512F.Shuffle4x128(low, high, Even).AsUInt32().Store(destination + (4 * stride));
        Avx512F.Shuffle4x128(low, high, Odd).AsUInt32().Store(destination + (12 * stride));
    }
}
