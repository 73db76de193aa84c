using System.Numerics;

namespace Ml.Llm.Data;

/// <summary>A random order of the windows of a token file, another one in each epoch, that takes no memory.</summary>
/// <remarks>
/// A Feistel network permutes the numbers below the next power of four; a number that falls outside of the count is sent
/// through again until it falls inside (fewer than four times on average), which leaves a permutation of the count. Any
/// place of the order is computed alone, so a resumed run needs no more than the place.
/// </remarks>
/// <threadsafety>Instances are immutable.</threadsafety>
internal sealed class WindowOrder
{
    private const int Rounds = 6;
    private readonly int halfBits;
    private readonly ulong halfMask;
    private readonly ulong[] keys = new ulong[Rounds];

    /// <summary>Fixes the order.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="count">The number of windows, at least 1.</param>
    /// <param name="epoch">The pass over the data, from 0.</param>
    internal WindowOrder(long seed, long count, long epoch)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        Count = count;
        halfBits = Math.Max(1, (64 - BitOperations.LeadingZeroCount((ulong)(count - 1)) + 1) / 2);
        halfMask = (1UL << halfBits) - 1;
        var state = Mix((ulong)seed) ^ Mix((ulong)epoch + 0x9E3779B97F4A7C15);
        for (var round = 0; round < Rounds; round++)
            keys[round] = state = Mix(state + 0x9E3779B97F4A7C15);
    }

    /// <summary>The number of windows.</summary>
    internal long Count { get; }

    /// <summary>The window at a place of the order.</summary>
    /// <param name="place">From 0 to below <see cref="Count"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The place is outside of the order.</exception>
    internal long this[long place]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(place);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(place, Count);
            var window = (ulong)place;
            do
                window = Permute(window);
            while (window >= (ulong)Count);
            return (long)window;
        }
    }

    private ulong Permute(ulong value)
    {
        var left = value >> halfBits;
        var right = value & halfMask;
        foreach (var key in keys)
            (left, right) = (right, left ^ (Mix(right ^ key) & halfMask));
        return (left << halfBits) | right;
    }

    // The finalizer of SplitMix64.
    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
