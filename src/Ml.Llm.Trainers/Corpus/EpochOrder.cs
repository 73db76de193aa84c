using System.Numerics;

namespace Ml.Llm.Data;

/// <summary>A random order of [0, count) for one epoch, made of seed and epoch alone and without a table: memory does not grow with the data.</summary>
/// <remarks>
/// A Feistel network of four rounds permutes the least square power of two that holds the range; numbers outside the range are
/// sent through again until they fall inside ("cycle walking": Black and Rogaway, Ciphers with Arbitrary Finite Domains, 2002).
/// </remarks>
/// <threadsafety>Instances are immutable.</threadsafety>
internal sealed class EpochOrder
{
    private const int Rounds = 4;
    private readonly ulong count;
    private readonly int halfBits;
    private readonly ulong key;

    internal EpochOrder(long count, int seed, long epoch)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        this.count = (ulong)count;
        halfBits = Math.Max(1, (BitOperations.Log2((ulong)count) / 2) + 1);
        key = Mix(Mix((uint)seed) ^ (ulong)epoch);
    }

    /// <summary>The number at a place of the order.</summary>
    internal long this[long place]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(place);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((ulong)place, count, nameof(place));
            var value = (ulong)place;
            do
                value = Permute(value);
            while (value >= count);
            return (long)value;
        }
    }

    private ulong Permute(ulong value)
    {
        var mask = (1UL << halfBits) - 1;
        var (left, right) = (value >> halfBits, value & mask);
        for (var round = 0; round < Rounds; round++)
            (left, right) = (right, left ^ (Mix(right ^ key ^ ((ulong)round << 56)) & mask));
        return (left << halfBits) | right;
    }

    /// <summary>The finalizer of SplitMix64.</summary>
    private static ulong Mix(ulong x)
    {
        x += 0x9e3779b97f4a7c15;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
        x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
        return x ^ (x >> 31);
    }
}
