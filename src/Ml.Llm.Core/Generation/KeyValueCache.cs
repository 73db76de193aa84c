using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Generation;

/// <summary>
/// The keys and values of the tokens seen so far, for every layer: allocated once for the whole generation, written in
/// place, and compacted in place when rows are finished.
/// </summary>
/// <remarks>
/// A forward pass over T new tokens calls <see cref="Append"/> once in each layer and <see cref="Advance"/> once at its end:
/// until then all layers write at the same place. Rows are padded on the left, so that the newest token of every row
/// stands in the same column; <see cref="PadCounts"/> says how many columns of a row hold padding, and
/// column c of row r stands for position c - PadCounts[r].
/// </remarks>
/// <threadsafety>Not thread-safe: a cache belongs to one generation.</threadsafety>
internal sealed class KeyValueCache : IDisposable
{
    private readonly Tensor[] keys;
    private readonly Tensor[] values;
    private int[] padCounts;

    /// <summary>Allocates a cache.</summary>
    /// <param name="layers">The number of layers.</param>
    /// <param name="batch">The number of rows.</param>
    /// <param name="keyValueHeads">The number of key-value heads.</param>
    /// <param name="capacity">The most tokens of a row, padding included.</param>
    /// <param name="headDim">The width of a head.</param>
    /// <param name="type">The type that keys and values are kept in: what the model computes in.</param>
    /// <param name="padCounts">The number of padding tokens at the start of each row; null for none.</param>
    /// <param name="device">Where the model computes; null for the CPU.</param>
    /// <exception cref="ArgumentException">A size is below 1, or the pad counts do not fit.</exception>
    internal KeyValueCache(
        int layers, int batch, int keyValueHeads, int capacity, int headDim, ScalarType type, int[]? padCounts = null, Device? device = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(layers, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(keyValueHeads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(headDim, 1);
        if (padCounts is not null && (padCounts.Length != batch || padCounts.Any(count => count < 0 || count >= capacity)))
            throw new ArgumentException($"{batch} pad counts from 0 to {capacity - 1} are needed.", nameof(padCounts));
        this.padCounts = padCounts is null ? new int[batch] : [.. padCounts];
        Batch = batch;
        Capacity = capacity;
        keys = new Tensor[layers];
        values = new Tensor[layers];
        for (var layer = 0; layer < layers; layer++)
        {
            keys[layer] = zeros([batch, keyValueHeads, capacity, headDim], type, device).DetachFromDisposeScope();
            values[layer] = zeros([batch, keyValueHeads, capacity, headDim], type, device).DetachFromDisposeScope();
        }
    }

    /// <summary>The number of rows that are still there.</summary>
    internal int Batch { get; private set; }

    /// <summary>The number of columns written, padding included.</summary>
    internal int Length { get; private set; }

    /// <summary>The most columns.</summary>
    internal int Capacity { get; }

    /// <summary>[Batch] the number of padding columns at the start of each row.</summary>
    internal ReadOnlySpan<int> PadCounts => padCounts;

    /// <summary>Whether some row begins with padding.</summary>
    internal bool HasPadding => padCounts.AsSpan().ContainsAnyExcept(0);

    /// <summary>Writes the keys and values of new tokens behind those of the tokens before them.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="newKeys">[Batch, key-value heads, new tokens, head width]; rotated already where the model rotates.</param>
    /// <param name="newValues">[Batch, key-value heads, new tokens, head width].</param>
    /// <returns>Views of all keys and all values, the new ones included: [Batch, key-value heads, Length + new tokens, head width].
    /// They are valid until the next <see cref="Select"/>; rows are <see cref="Capacity"/> columns apart, so they are not contiguous.</returns>
    /// <exception cref="InvalidOperationException">There is no room for so many tokens.</exception>
    internal (Tensor Keys, Tensor Values) Append(int layer, Tensor newKeys, Tensor newValues)
    {
        var count = newKeys.size(2);
        if (Length + count > Capacity)
        {
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                $"The cache holds {Length} of {Capacity} tokens; {count} more do not fit."));
        }

        keys[layer].narrow(2, Length, count).copy_(newKeys);
        values[layer].narrow(2, Length, count).copy_(newValues);
        return (keys[layer].narrow(2, 0, Length + count), values[layer].narrow(2, 0, Length + count));
    }

    /// <summary>Ends a forward pass: the tokens that every layer has appended count from here on.</summary>
    /// <param name="tokens">The number of new tokens.</param>
    internal void Advance(int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tokens, Capacity - Length);
        Length += tokens;
    }

    /// <summary>Keeps some rows and drops the others, moving what is kept to the front without a second copy.</summary>
    /// <param name="rows">The rows to keep, at least one, in ascending order.</param>
    /// <exception cref="ArgumentException">The rows are not ascending, or there is no such row.</exception>
    internal void Select(ReadOnlySpan<int> rows)
    {
        for (var i = 0; i < rows.Length; i++)
        {
            if (rows[i] >= Batch || rows[i] < (i == 0 ? 0 : rows[i - 1] + 1))
                throw new ArgumentException($"Rows to keep must be ascending and below {Batch}.", nameof(rows));
        }

        if (rows.IsEmpty)
            throw new ArgumentException("At least one row must be kept.", nameof(rows));
        if (rows.Length == Batch)
            return;
        using (var scope = NewDisposeScope())
        {
            for (var layer = 0; layer < keys.Length; layer++)
            {
                keys[layer] = Compact(keys[layer], rows);
                values[layer] = Compact(values[layer], rows);
            }
        }

        var kept = new int[rows.Length];
        for (var i = 0; i < kept.Length; i++)
            kept[i] = padCounts[rows[i]];
        padCounts = kept;
        Batch = rows.Length;
    }

    public void Dispose()
    {
        foreach (var tensor in keys)
            tensor.Dispose();
        foreach (var tensor in values)
            tensor.Dispose();
    }

    // Rows ascend, so a row is read before anything is written over it.
    private Tensor Compact(Tensor whole, ReadOnlySpan<int> rows)
    {
        for (var i = 0; i < rows.Length; i++)
        {
            if (rows[i] != i)
                whole[i].narrow(1, 0, Length).copy_(whole[rows[i]].narrow(1, 0, Length));
        }

        var view = whole.narrow(0, 0, rows.Length).DetachFromDisposeScope();
        whole.Dispose(); // The view keeps the memory.
        return view;
    }
}
