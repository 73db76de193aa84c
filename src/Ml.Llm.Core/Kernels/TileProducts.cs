using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Ml.Llm.Engine;

namespace Ml.Llm.Kernels;

/// <summary>
/// The three products of a linear layer in bf16, laid out in tiles that stay in a core's cache: operands are copied once
/// into the order in which tiles read them, and threads take tile after tile, so that one that is held up holds up nothing.
/// </summary>
/// <remarks>
/// Sums are kept in fp32 from beginning to end. Each element's sum has one order, whatever the number of threads.
/// The division into panels and tiles is that of Goto and van de Geijn, Anatomy of High-Performance Matrix Multiplication (2008).
/// </remarks>
internal static unsafe class TileProducts
{
    /// <summary>The most rows of a tile.</summary>
    private const int Rows = 256;

    /// <summary>The heights of tiles are multiples of this, and products of fewer rows are left to the engine.</summary>
    private const int RowStep = 64;

    private const int Width = TilePacking.Width;

    /// <summary>The most columns of the left operand that one call multiplies, so that both operands' parts stay in the cache.</summary>
    private const int Depth = 1024;

    /// <summary>Of a weight's gradient: the rows of a tile.</summary>
    private const int Band = 64;

    /// <summary>Of a weight's gradient: the tokens that one call multiplies.</summary>
    private const int Tokens = 1024;

    /// <summary>Panels that a task multiplies its rows with, whose results lie side by side: whole lines are written.</summary>
    private const int PanelsAtOnce = 4;

    private delegate void PackPanel(long first, long columns, uint* panel);

    private delegate void AddTile(float* tile, long row, long column, long rows, long columns);

    /// <summary>Whether a product of these sizes is laid out here. Few rows do not repay the copies.</summary>
    internal static bool Fits(long rows, long width, long depth) =>
        TileKernel.Supported && rows >= RowStep && width % Lanes.Count == 0 && depth % (2 * Lanes.Count) == 0;

    /// <summary>Whether the gradient of a weight [height, width] over so many tokens is laid out here.</summary>
    internal static bool FitsGradient(long tokens, long height, long width) =>
        TileKernel.Supported && tokens >= RowStep && height % Lanes.Count == 0 && width % Lanes.Count == 0;

    /// <summary>result = x W' + bias, for x [rows, depth], W [width, depth], bias [width] or null, result [rows, width].</summary>
    internal static void Linear(ushort* x, ushort* weight, float* bias, Bf16* result, long rows, long width, long depth) =>
        Multiply(x, bias, result, rows, width, depth, (first, columns, panel) => TilePacking.PanelOfRows(weight + (first * depth), columns, depth, depth, panel));

    /// <summary>result = above W, for above [rows, depth], W [depth, width], result [rows, width].</summary>
    internal static void InputGradient(ushort* above, ushort* weight, Bf16* result, long rows, long width, long depth) =>
        Multiply(above, null, result, rows, width, depth, (first, columns, panel) => TilePacking.PanelOfColumns(weight + first, columns, depth, depth, width, panel));

    /// <summary>gradient (+)= above' x, for above [tokens, height], x [tokens, width], gradient [height, width] fp32.</summary>
    /// <remarks>The wider of the two is turned over, a band of its columns at a time; the other's panels are used by every band.</remarks>
    internal static void WeightGradient(ushort* above, ushort* x, float* gradient, long tokens, long height, long width, bool add)
    {
        if (width > height)
            WeightGradient(x, above, tokens, width, height, (tile, row, column, rows, columns) => AddTurned(tile, gradient + (column * width) + row, rows, columns, width, add));
        else
            WeightGradient(above, x, tokens, height, width, (tile, row, column, rows, columns) => Add(tile, gradient + (row * width) + column, rows, columns, width, add));
    }

    private static void WeightGradient(ushort* left, ushort* right, long tokens, long height, long width, AddTile addTile)
    {
        var pieces = (tokens + Tokens - 1) / Tokens;
        var panelCount = PanelCount(width);
        const long PanelSize = Width * Tokens / 2;
        using var packed = new PairBuffer(pieces * panelCount * PanelSize);
        var panels = packed.Pairs;
        EngineThreads.Share(pieces * panelCount, queue =>
        {
            while (queue.Next(out var task))
            {
                var (piece, panel) = Math.DivRem(task, panelCount);
                var (token, column) = (piece * Tokens, panel * Width);
                var source = right + (token * width) + column;
                TilePacking.PanelOfColumns(source, Math.Min(Width, width - column), Math.Min(Tokens, tokens - token), PieceDepth(tokens, token), width, panels + (task * PanelSize));
            }
        });
        EngineThreads.Share((height + Band - 1) / Band, queue =>
        {
            using var turned = new PairBuffer(Band * Tokens / 2);
            using var sums = new RowBuffer(panelCount * Band * Width);
            NativeMemory.Clear(turned.Pairs, Band * Tokens * sizeof(ushort)); // Rows beyond the height stay finite.
            while (queue.Next(out var band))
            {
                var row = band * Band;
                var rows = Math.Min(Band, height - row);
                for (long piece = 0; piece < pieces; piece++)
                {
                    var token = piece * Tokens;
                    var depth = PieceDepth(tokens, token);
                    TilePacking.Turn(left + (token * height) + row, Math.Min(Tokens, tokens - token), rows, depth, height, (ushort*)turned.Pairs);
                    for (long panel = 0; panel < panelCount; panel++)
                        TileKernel.Multiply(Band, Width, depth, (ushort*)turned.Pairs, depth, panels + (((piece * panelCount) + panel) * PanelSize), Width, sums.Values + (panel * Band * Width), Width, piece > 0);
                }

                for (long panel = 0; panel < panelCount; panel++)
                    addTile(sums.Values + (panel * Band * Width), row, panel * Width, rows, Math.Min(Width, width - (panel * Width)));
            }
        });
    }

    private static void Multiply(ushort* left, float* bias, Bf16* result, long rows, long width, long depth, PackPanel pack)
    {
        var panelCount = PanelCount(width);
        using var packed = new PairBuffer(panelCount * Width * (depth / 2));
        var panels = packed.Pairs;
        EngineThreads.Share(panelCount, queue =>
        {
            while (queue.Next(out var panel))
                pack(panel * Width, Math.Min(Width, width - (panel * Width)), panels + (panel * Width * (depth / 2)));
        });
        var groups = (panelCount + PanelsAtOnce - 1) / PanelsAtOnce;
        var bands = (rows + Rows - 1) / Rows;
        var pieceDepth = PieceOf(depth);
        EngineThreads.Share(bands * groups, queue =>
        {
            using var buffer = new RowBuffer(Rows * PanelsAtOnce * Width);
            using var lastRows = new PairBuffer(rows % RowStep == 0 ? 0 : Rows * depth / 2);
            while (queue.Next(out var task))
            {
                // Bands follow each other under one group of panels, which so stays in the cache.
                var (group, band) = Math.DivRem(task, bands);
                var row = band * Rows;
                var count = Math.Min(Rows, rows - row);
                var height = (count + RowStep - 1) / RowStep * RowStep;
                var source = count == height ? left + (row * depth) : Padded(left + (row * depth), count, height, depth, (ushort*)lastRows.Pairs);
                var (begin, end) = (group * PanelsAtOnce, Math.Min((group + 1) * PanelsAtOnce, panelCount));
                var stride = (end - begin) * Width;
                for (long at = 0; at < depth; at += pieceDepth)
                {
                    for (var panel = begin; panel < end; panel++)
                    {
                        var right = panels + (((panel * (depth / 2)) + (at / 2)) * Width);
                        TileKernel.Multiply(height, Width, Math.Min(pieceDepth, depth - at), source + at, depth, right, Width, buffer.Values + ((panel - begin) * Width), stride, at > 0);
                    }
                }

                Store(buffer.Values, stride, bias is null ? null : bias + (begin * Width), result + (row * width) + (begin * Width), width, count, Math.Min(stride, width - (begin * Width)));
            }
        });
    }

    /// <summary>The last rows copied beside rows of zeros, so that tiles have few heights.</summary>
    private static ushort* Padded(ushort* source, long count, long height, long depth, ushort* room)
    {
        new Span<ushort>(source, (int)(count * depth)).CopyTo(new Span<ushort>(room, (int)(height * depth)));
        new Span<ushort>(room + (count * depth), (int)((height - count) * depth)).Clear();
        return room;
    }

    private static void Store(float* tile, long tileStride, float* bias, Bf16* result, long stride, long rows, long columns)
    {
        for (long row = 0; row < rows; row++, tile += tileStride, result += stride)
        {
            long column = 0;
            for (; column + (2 * Lanes.Count) <= columns; column += 2 * Lanes.Count)
                Bf16.StoreTwo(result + column, Sum(tile, bias, column), Sum(tile, bias, column + Lanes.Count));
            if (column < columns)
                Bf16.Store(result + column, Sum(tile, bias, column));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Sum(float* tile, float* bias, long column) =>
        bias is null ? Vector512.Load(tile + column) : Vector512.Load(tile + column) + Vector512.Load(bias + column);

    /// <summary>Adds a tile, or writes it, to its place.</summary>
    private static void Add(float* tile, float* result, long rows, long columns, long stride, bool add)
    {
        for (long row = 0; row < rows; row++, tile += Width, result += stride)
        {
            for (long column = 0; column < columns; column += Lanes.Count)
            {
                var values = Vector512.Load(tile + column);
                (add ? values + Vector512.Load(result + column) : values).Store(result + column);
            }
        }
    }

    /// <summary>The same for a tile whose rows are the result's columns.</summary>
    private static void AddTurned(float* tile, float* result, long rows, long columns, long stride, bool add)
    {
        var block = stackalloc uint[Lanes.Count * Lanes.Count];
        for (long column = 0; column < columns; column += Lanes.Count)
        {
            for (long row = 0; row < rows; row += Lanes.Count)
            {
                TilePacking.Transpose((uint*)tile + (row * Width) + column, Width, block, Lanes.Count);
                for (var i = 0; i < Lanes.Count; i++)
                {
                    var values = Vector512.Load((float*)block + (i * Lanes.Count));
                    var into = result + ((column + i) * stride) + row;
                    (add ? values + Vector512.Load(into) : values).Store(into);
                }
            }
        }
    }

    private static long PanelCount(long width) => (width + Width - 1) / Width;

    /// <summary>The depth that one call multiplies: equal pieces of at most <see cref="Depth"/>.</summary>
    private static long PieceOf(long depth)
    {
        var pieces = (depth + Depth - 1) / Depth;
        return ((depth + pieces - 1) / pieces + 31) / 32 * 32;
    }

    /// <summary>The tokens of a piece, rounded up so that few depths occur.</summary>
    private static long PieceDepth(long tokens, long begin) => Math.Min(Tokens, (tokens - begin + 63) / 64 * 64);
}
