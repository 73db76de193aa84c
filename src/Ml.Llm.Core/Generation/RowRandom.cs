namespace Ml.Llm.Generation;

/// <summary>
/// The random numbers of one row: a function of the row's seed, the place of the token in the answer and the token itself.
/// There is no state, so nothing that happens to other rows can change them.
/// </summary>
/// <remarks>A counter-based generator (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011) over SplitMix64's mixing function.</remarks>
/// <threadsafety>Instances are immutable.</threadsafety>
internal readonly struct RowRandom
{
    private const ulong Golden = 0x9E3779B97F4A7C15;
    private readonly ulong key;

    /// <summary>Makes the generator of a row.</summary>
    /// <param name="seed">The seed of the whole generation.</param>
    /// <param name="rowSeed">The seed of the row.</param>
    internal RowRandom(int seed, ulong rowSeed) => key = Mix(Mix((ulong)(uint)seed + Golden) ^ rowSeed);

    /// <summary>The seed of a row that brings none: a function of its text.</summary>
    internal static ulong SeedOf(ReadOnlySpan<char> text)
    {
        var hash = 14695981039346656037UL; // FNV-1a, over UTF-16 units.
        foreach (var unit in text)
            hash = (hash ^ unit) * 1099511628211UL;
        return Mix(hash);
    }

    /// <summary>What the numbers of one place in the answer start from.</summary>
    /// <param name="step">The place, counted from 0.</param>
    internal ulong Step(int step) => Mix(key + ((ulong)step * Golden));

    /// <summary>52 random bits for a token at a step.</summary>
    /// <param name="step">What <see cref="Step"/> gave.</param>
    /// <param name="token">The token's id.</param>
    internal static ulong Bits(ulong step, int token) => Mix(step + (((ulong)token + 1) * Golden)) >> 12;

    private static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
