using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Ml.Llm.Engine;

namespace Ml.Llm.Kernels;

/// <summary>The operands of <see cref="TileAttention"/>: heads with their tokens one under another, [batch, heads, room, dim], zeros beyond the length.</summary>
internal unsafe readonly struct AttentionTensors
{
    /// <summary>[batch * heads, room, dim], scaled.</summary>
    internal required ushort* Query { get; init; }

    /// <summary>[batch * key-value heads, room, dim].</summary>
    internal required ushort* Key { get; init; }

    internal required ushort* Value { get; init; }

    /// <summary>[batch * heads, room, dim]: what attention makes of the values.</summary>
    internal required ushort* Mixed { get; init; }

    /// <summary>[batch * heads, room] the logarithm of each softmax's denominator, its largest score included.</summary>
    internal required float* Denominators { get; init; }

    /// <summary>[batch * length] the first key that a query sees, or null for 0.</summary>
    internal required int* FirstKey { get; init; }
}

/// <summary>
/// Causal attention in bf16 by tiles of 64 queries and 64 keys: scores live in a core's cache and nowhere else, tiles that
/// no query sees are left out, and backward forms the scores anew from the softmax's denominators.
/// </summary>
/// <remarks>Dao et al., FlashAttention (arXiv 2205.14135). Sums are fp32; weights and their gradients are rounded to bf16 for the products, as in the twin.</remarks>
internal static unsafe class TileAttention
{
    /// <summary>The queries and the keys of a tile.</summary>
    internal const int Side = TilePacking.Width;

    private const int TileSize = Side * Side;

    /// <summary>Whether heads of this size are worked on here.</summary>
    internal static bool Fits(int headDim) => TileKernel.Supported && headDim % 32 == 0 && headDim <= 256;

    /// <summary>The tokens that a head of this length has room for: whole tiles.</summary>
    internal static int RoomFor(int length) => (length + Side - 1) / Side * Side;

    /// <summary>Mixes the values and keeps the denominators.</summary>
    internal static void Forward(AttentionTensors tensors, HeadLayout layout)
    {
        var (tiles, room, dim) = (layout.Room / Side, layout.Room, layout.HeadDim);
        var groups = (long)layout.Batch * layout.KeyValueHeads;
        var shared = layout.Heads / layout.KeyValueHeads;
        var panels = Panels(dim);
        var (keySize, valueSize) = ((long)room * dim / 2, (long)room * panels * Side / 2);
        using var keyBuffer = new PairBuffer(groups * keySize);
        using var valueBuffer = new PairBuffer(groups * valueSize);
        var (keys, values) = ((nint)keyBuffer.Pairs, (nint)valueBuffer.Pairs);
        EngineThreads.Share(groups, queue =>
        {
            while (queue.Next(out var group))
            {
                PackRows(tensors.Key + (group * room * dim), tiles, dim, (uint*)keys + (group * keySize));
                PackColumns(tensors.Value + (group * room * dim), tiles, dim, (uint*)values + (group * valueSize));
            }
        });
        EngineThreads.Share(groups * shared * tiles, queue =>
        {
            using var scores = new RowBuffer((long)room * Side);
            using var weights = new PairBuffer((long)room * Side / 2);
            using var mixed = new RowBuffer(panels * TileSize);
            using var scales = new RowBuffer(Side);
            while (queue.Next(out var task))
            {
                // The longest rows of tiles first, so that no thread begins one when the others are done.
                var (place, head) = Math.DivRem(task, groups * shared);
                var tile = tiles - 1 - (int)place;
                var group = head / shared;
                var first = FirstKeys(tensors, layout, head, tile);
                var firstTile = FirstTile(first, layout, tile);
                var query = tensors.Query + (((head * room) + ((long)tile * Side)) * dim);
                for (var key = firstTile; key <= tile; key++)
                    TileKernel.Multiply(Side, Side, dim, query, dim, (uint*)keys + (group * keySize) + ((long)key * Side * dim / 2), Side, scores.Values + (key * TileSize), Side, add: false);
                for (var row = 0; row < Side; row++)
                {
                    var at = (tile * Side) + row;
                    var from = first is null || at >= layout.Length ? 0 : first[row];
                    Softmax(scores.Values + (row * Side), (ushort*)weights.Pairs + (row * Side), firstTile, tile, from, at, scales.Values + row, tensors.Denominators + (head * room) + at);
                }

                for (var panel = 0; panel < panels; panel++)
                {
                    for (var key = firstTile; key <= tile; key++)
                    {
                        var right = (uint*)values + (group * valueSize) + ((((long)panel * room) + ((long)key * Side)) * Side / 2);
                        TileKernel.Multiply(Side, Side, Side, (ushort*)weights.Pairs + (key * TileSize), Side, right, Side, mixed.Values + (panel * TileSize), Side, key > firstTile);
                    }
                }

                StoreRows(mixed.Values, tensors.Mixed + (((head * room) + ((long)tile * Side)) * dim), dim, scales.Values);
            }
        });
    }

    /// <summary>The gradients of query, key and value, each laid out as its own, from that of the mixed values.</summary>
    /// <param name="tensors">The operands and results of forward.</param>
    /// <param name="above">The gradient of the mixed values, laid out like them.</param>
    /// <param name="layout">The layout given to forward.</param>
    /// <param name="query">Of the scaled query.</param>
    /// <param name="key">Of the key.</param>
    /// <param name="value">Of the value.</param>
    internal static void Backward(AttentionTensors tensors, ushort* above, HeadLayout layout, ushort* query, ushort* key, ushort* value)
    {
        var (room, dim) = (layout.Room, layout.HeadDim);
        var shared = layout.Heads / layout.KeyValueHeads;
        EngineThreads.Share((long)layout.Batch * layout.KeyValueHeads, queue =>
        {
            using var work = new AttentionBackward(layout);
            while (queue.Next(out var group))
            {
                var offset = group * room * dim;
                work.Begin(tensors.Key + offset, tensors.Value + offset);
                for (var i = 0; i < shared; i++)
                {
                    var head = (group * shared) + i;
                    work.AddHead(tensors, above, head, query + (head * room * dim));
                }

                work.Finish(key + offset, value + offset);
            }
        });
    }

    /// <summary>The panels of 64 columns that a head's dimensions make; the last one may be half zeros.</summary>
    internal static int Panels(int dim) => (dim + Side - 1) / Side;

    /// <summary>Every 64 tokens as a panel whose columns are tokens: [tiles][dim / 2, 64] pairs.</summary>
    internal static void PackRows(ushort* source, int tiles, int dim, uint* panels)
    {
        for (var tile = 0; tile < tiles; tile++)
            TilePacking.PanelOfRows(source + ((long)tile * Side * dim), Side, dim, dim, panels + ((long)tile * Side * dim / 2));
    }

    /// <summary>All tokens as panels whose columns are dimensions: [panels][room / 2, 64] pairs.</summary>
    internal static void PackColumns(ushort* source, int tiles, int dim, uint* panels)
    {
        for (var panel = 0; panel < Panels(dim); panel++)
        {
            var column = panel * Side;
            TilePacking.PanelOfColumns(source + column, Math.Min(Side, dim - column), (long)tiles * Side, (long)tiles * Side, dim, panels + ((long)panel * tiles * TileSize / 2));
        }
    }

    /// <summary>The first key of each of a tile's queries, or null where all see key 0. Only those below the length may be read.</summary>
    internal static int* FirstKeys(in AttentionTensors tensors, in HeadLayout layout, long head, int tile) =>
        tensors.FirstKey is null ? null : tensors.FirstKey + (head / layout.Heads * layout.Length) + ((long)tile * Side);

    /// <summary>The first tile of keys that a tile of queries sees.</summary>
    internal static int FirstTile(int* first, in HeadLayout layout, int tile)
    {
        var least = int.MaxValue;
        for (var row = 0; first is not null && row < Side && (tile * Side) + row < layout.Length; row++)
            least = Math.Min(least, first[row]);
        return first is null || (tile + 1) * Side > layout.Length ? 0 : least / Side;
    }

    /// <summary>Rows of [panels][64, 64] fp32 to [64, dim] bf16, each times a factor.</summary>
    internal static void StoreRows(float* tiles, ushort* destination, int dim, float* factors)
    {
        for (var row = 0; row < Side; row++, destination += dim)
        {
            var factor = Vector512.Create(factors is null ? 1 : factors[row]);
            for (var column = 0; column < dim; column += 2 * Lanes.Count)
            {
                var from = tiles + (column / Side * TileSize) + (row * Side) + (column % Side);
                Bf16.StoreTwo((Bf16*)destination + column, Vector512.Load(from) * factor, Vector512.Load(from + Lanes.Count) * factor);
            }
        }
    }

    /// <summary>Lanes of the keys from one on that a query sees: from its first one to its own place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Seen(int key, int first, int last) =>
        Vector512.LessThanOrEqual((Vector512<int>.Indices + Vector512.Create(key - first)).AsUInt32(), Vector512.Create((uint)(last - first))).AsSingle();

    /// <summary>One query's row through the tiles: e^(score - largest) as weights, their sum's inverse as the scale of what they mix.</summary>
    private static void Softmax(float* scores, ushort* weights, int firstTile, int lastTile, int first, int last, float* scale, float* denominator)
    {
        var largest = Vector512.Create(float.NegativeInfinity);
        for (var tile = firstTile; tile <= lastTile; tile++)
        {
            for (var i = 0; i < Side; i += Lanes.Count)
            {
                var seen = Seen((tile * Side) + i, first, last);
                largest = Vector512.MaxNative(largest, Vector512.ConditionalSelect(seen, Vector512.Load(scores + (tile * TileSize) + i), Vector512.Create(float.NegativeInfinity)));
            }
        }

        var top = SoftmaxKernels.MaxOf(largest);
        var topVector = Vector512.Create(top);
        var total = Vector512<float>.Zero;
        for (var tile = firstTile; tile <= lastTile; tile++)
        {
            for (var i = 0; i < Side; i += 2 * Lanes.Count)
            {
                var from = scores + (tile * TileSize) + i;
                var low = VectorMath.Exp(Vector512.Load(from) - topVector) & Seen((tile * Side) + i, first, last);
                var high = VectorMath.Exp(Vector512.Load(from + Lanes.Count) - topVector) & Seen((tile * Side) + i + Lanes.Count, first, last);
                total += low + high;
                Bf16.StoreTwo((Bf16*)weights + (tile * TileSize) + i, low, high);
            }
        }

        var sum = Vector512.Sum(total);
        *scale = 1 / sum;
        *denominator = top + MathF.Log(sum);
    }
}
