namespace Ml.Llm.Tokenization;

/// <summary>A small generator of random numbers (SplitMix64), one for each word that is sampled.</summary>
/// <threadsafety>Belongs to one call.</threadsafety>
internal struct SeededRandom(ulong seed, ulong stream)
{
    private ulong _state = Scramble(seed) ^ Scramble(stream + 0x632BE59BD9B4E019UL);

    /// <summary>A number from 0 to below 1.</summary>
    public double NextDouble()
    {
        _state += 0x9E3779B97F4A7C15UL;
        return (Scramble(_state) >> 11) * (1.0 / (1UL << 53));
    }

    private static ulong Scramble(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9UL;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EBUL;
        return value ^ (value >> 31);
    }
}
