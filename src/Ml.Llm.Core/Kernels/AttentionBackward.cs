using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Ml.Llm.Engine;

namespace Ml.Llm.Kernels;

/// <summary>
/// The way back through attention for one key-value head after another, on one thread. Tiles are formed turned over, keys
/// down and queries across, so that weights and their gradients are at once the left operands of the key's and value's products.
/// </summary>
internal sealed unsafe class AttentionBackward : IDisposable
{
    private const int Side = TileAttention.Side;
    private const int TileSize = Side * Side;

    private readonly HeadLayout layout;
    private readonly int tiles;
    private readonly int panels;
    private readonly byte* block;

    // Operands packed once a head; see TileAttention.PackRows and PackColumns.
    private readonly uint* keyColumns;
    private readonly uint* queryRows;
    private readonly uint* queryColumns;
    private readonly uint* aboveRows;
    private readonly uint* aboveColumns;

    // One tile: scores and the weights' gradients [keys, queries], both rounded to bf16, the latter also [queries, keys].
    private readonly float* scores;
    private readonly float* shares;
    private readonly ushort* weights;
    private readonly ushort* slopes;
    private readonly ushort* turned;

    // [tiles][panels][64, 64] sums.
    private readonly float* queryGradient;
    private readonly float* keyGradient;
    private readonly float* valueGradient;

    // [room] of one head: the sum of weight times gradient of each query, and the first key it sees.
    private readonly float* means;
    private readonly int* firsts;

    private ushort* key;
    private ushort* value;

    internal AttentionBackward(HeadLayout layout)
    {
        this.layout = layout;
        tiles = layout.Room / Side;
        panels = TileAttention.Panels(layout.HeadDim);
        var rows = (nuint)layout.Room * (nuint)layout.HeadDim * sizeof(ushort);
        var columns = (nuint)layout.Room * (nuint)(panels * Side) * sizeof(ushort);
        const nuint Tile = TileSize * sizeof(float);
        var line = (nuint)layout.Room * sizeof(float);
        block = (byte*)NativeMemory.AlignedAlloc((2 * rows) + (9 * columns) + (4 * Tile) + (2 * line), 64);
        var next = block;
        keyColumns = (uint*)Take(ref next, columns);
        queryRows = (uint*)Take(ref next, rows);
        queryColumns = (uint*)Take(ref next, columns);
        aboveRows = (uint*)Take(ref next, rows);
        aboveColumns = (uint*)Take(ref next, columns);
        scores = (float*)Take(ref next, Tile);
        shares = (float*)Take(ref next, Tile);
        weights = (ushort*)Take(ref next, Tile / 2);
        slopes = (ushort*)Take(ref next, Tile / 2);
        turned = (ushort*)Take(ref next, Tile / 2);
        queryGradient = (float*)Take(ref next, 2 * columns);
        keyGradient = (float*)Take(ref next, 2 * columns);
        valueGradient = (float*)Take(ref next, 2 * columns);
        means = (float*)Take(ref next, line);
        firsts = (int*)Take(ref next, line);
    }

    public void Dispose() => NativeMemory.AlignedFree(block);

    /// <summary>Begins with a key-value head.</summary>
    internal void Begin(ushort* headKey, ushort* headValue)
    {
        key = headKey;
        value = headValue;
        TileAttention.PackColumns(key, tiles, layout.HeadDim, keyColumns);
        Clear(keyGradient);
        Clear(valueGradient);
    }

    /// <summary>Adds the gradients that one of its query heads gives to key and value, and writes the query's own.</summary>
    internal void AddHead(AttentionTensors tensors, ushort* above, long head, ushort* queryInto)
    {
        var (room, dim) = (layout.Room, layout.HeadDim);
        var offset = head * room * dim;
        TileAttention.PackRows(tensors.Query + offset, tiles, dim, queryRows);
        TileAttention.PackColumns(tensors.Query + offset, tiles, dim, queryColumns);
        TileAttention.PackRows(above + offset, tiles, dim, aboveRows);
        TileAttention.PackColumns(above + offset, tiles, dim, aboveColumns);
        for (var token = 0; token < room; token++)
            means[token] = Dot((Bf16*)above + offset + ((long)token * dim), (Bf16*)tensors.Mixed + offset + ((long)token * dim), dim);
        var masked = tensors.FirstKey is not null;
        new Span<int>(firsts, room).Clear();
        if (masked)
            new Span<int>(TileAttention.FirstKeys(tensors, layout, head, 0), layout.Length).CopyTo(new Span<int>(firsts, room));
        Clear(queryGradient);
        for (var queryTile = 0; queryTile < tiles; queryTile++)
        {
            var first = masked ? TileAttention.FirstTile(firsts + (queryTile * Side), layout, queryTile) : 0;
            for (var keyTile = first; keyTile <= queryTile; keyTile++)
                AddTile(keyTile, queryTile, tensors.Denominators + (head * room), masked || keyTile == queryTile);
            TileAttention.StoreRows(queryGradient + ((long)queryTile * panels * TileSize), queryInto + ((long)queryTile * Side * dim), dim, null);
        }
    }

    /// <summary>Writes the gradients of key and value.</summary>
    internal void Finish(ushort* keyInto, ushort* valueInto)
    {
        for (var tile = 0; tile < tiles; tile++)
        {
            var (from, into) = ((long)tile * panels * TileSize, (long)tile * Side * layout.HeadDim);
            TileAttention.StoreRows(keyGradient + from, keyInto + into, layout.HeadDim, null);
            TileAttention.StoreRows(valueGradient + from, valueInto + into, layout.HeadDim, null);
        }
    }

    private static byte* Take(ref byte* next, nuint bytes)
    {
        var taken = next;
        next += bytes;
        return taken;
    }

    private void Clear(float* sums) => NativeMemory.Clear(sums, (nuint)(tiles * panels) * TileSize * sizeof(float));

    private void AddTile(int keyTile, int queryTile, float* denominators, bool masked)
    {
        var dim = layout.HeadDim;
        var (keyOffset, queryOffset) = ((long)keyTile * Side * dim, (long)queryTile * Side * dim / 2);
        TileKernel.Multiply(Side, Side, dim, key + keyOffset, dim, queryRows + queryOffset, Side, scores, Side, add: false);
        TileKernel.Multiply(Side, Side, dim, value + keyOffset, dim, aboveRows + queryOffset, Side, shares, Side, add: false);
        for (var row = 0; row < Side; row++)
            Slopes(row, keyTile * Side, queryTile * Side, denominators + (queryTile * Side), masked);
        TilePacking.Turn(slopes, Side, Side, Side, Side, turned);
        for (var panel = 0; panel < panels; panel++)
        {
            var (ofKey, ofQuery) = ((((long)keyTile * panels) + panel) * TileSize, (((long)queryTile * panels) + panel) * TileSize);
            var (keyPairs, queryPairs) = ((((long)panel * tiles) + keyTile) * TileSize / 2, (((long)panel * tiles) + queryTile) * TileSize / 2);
            TileKernel.Multiply(Side, Side, Side, weights, Side, aboveColumns + queryPairs, Side, valueGradient + ofKey, Side, add: true);
            TileKernel.Multiply(Side, Side, Side, slopes, Side, queryColumns + queryPairs, Side, keyGradient + ofKey, Side, add: true);
            TileKernel.Multiply(Side, Side, Side, turned, Side, keyColumns + keyPairs, Side, queryGradient + ofQuery, Side, add: true);
        }
    }

    /// <summary>Of one key: the weights that queries give it, and the gradients of its scores, weight (gradient - mean).</summary>
    private void Slopes(int row, int firstKey, int firstQuery, float* denominators, bool masked)
    {
        var at = row * Side;
        for (var i = 0; i < Side; i += 2 * Lanes.Count)
        {
            var (low, high) = (Weights(at, i, denominators), Weights(at, i + Lanes.Count, denominators));
            if (masked)
            {
                low &= Seen(firstKey + row, firstQuery + i);
                high &= Seen(firstKey + row, firstQuery + i + Lanes.Count);
            }

            Bf16.StoreTwo((Bf16*)weights + at + i, low, high);
            low *= Vector512.Load(shares + at + i) - Vector512.Load(means + firstQuery + i);
            high *= Vector512.Load(shares + at + i + Lanes.Count) - Vector512.Load(means + firstQuery + i + Lanes.Count);
            Bf16.StoreTwo((Bf16*)slopes + at + i, low, high);
        }
    }

    private Vector512<float> Weights(int at, int i, float* denominators) =>
        VectorMath.Exp(Vector512.Load(scores + at + i) - Vector512.Load(denominators + i));

    /// <summary>Lanes of the queries from one on that see a key.</summary>
    private Vector512<float> Seen(int seenKey, int query)
    {
        var keyPlace = Vector512.Create(seenKey);
        var before = Vector512.LessThanOrEqual(keyPlace, Vector512<int>.Indices + Vector512.Create(query));
        return (before & Vector512.GreaterThanOrEqual(keyPlace, Vector512.Load(firsts + query))).AsSingle();
    }

    private static float Dot(Bf16* a, Bf16* b, int count)
    {
        var total = Vector512<float>.Zero;
        for (var i = 0; i < count; i += Lanes.Count)
            total = Vector512.FusedMultiplyAdd(Bf16.Load(a + i), Bf16.Load(b + i), total);
        return Vector512.Sum(total);
    }
}
