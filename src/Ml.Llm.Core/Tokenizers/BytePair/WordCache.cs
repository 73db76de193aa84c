using System.Runtime.InteropServices;

namespace Ml.Llm.Tokenization;

/// <summary>
/// The tokens of words met before. Two slots for each place of a fixed table; a new word pushes the one in the first slot
/// into the second. Entries never change, so that threads share the cache without a lock.
/// </summary>
/// <threadsafety>Safe for any number of threads.</threadsafety>
internal sealed class WordCache
{
    /// <summary>Longer words are rare and not kept.</summary>
    public const int LongestWord = 48;

    private const int Places = 1 << 14;

    private readonly Entry?[] _slots = new Entry?[2 * Places];

    /// <summary>Looks a word up.</summary>
    /// <param name="word">The word, at most <see cref="LongestWord"/> units long.</param>
    /// <param name="hash">Its hash, to be given to <see cref="Add"/>.</param>
    /// <param name="ids">Its tokens.</param>
    public bool TryGet(ReadOnlySpan<char> word, out uint hash, out int[] ids)
    {
        hash = HashOf(word);
        var place = (int)(hash % Places) * 2;
        var entry = Volatile.Read(ref _slots[place]);
        if (entry is null || entry.Hash != hash || !word.SequenceEqual(entry.Word))
        {
            entry = Volatile.Read(ref _slots[place + 1]);
            if (entry is null || entry.Hash != hash || !word.SequenceEqual(entry.Word))
            {
                ids = [];
                return false;
            }
        }

        ids = entry.Ids;
        return true;
    }

    /// <summary>Keeps a word and its tokens.</summary>
    public void Add(ReadOnlySpan<char> word, uint hash, ReadOnlySpan<int> ids)
    {
        var place = (int)(hash % Places) * 2;
        Volatile.Write(ref _slots[place + 1], Volatile.Read(ref _slots[place]));
        Volatile.Write(ref _slots[place], new Entry(hash, word.ToString(), ids.ToArray()));
    }

    /// <summary>A fast hash of text; collisions cost a miss, nothing else.</summary>
    internal static uint HashOf(ReadOnlySpan<char> word)
    {
        var bytes = MemoryMarshal.AsBytes(word);
        var hash = (ulong)word.Length;
        while (bytes.Length >= sizeof(ulong))
        {
            hash = Mix(hash, MemoryMarshal.Read<ulong>(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        ulong rest = 0;
        foreach (var value in bytes) rest = (rest << 8) | value;
        hash = Mix(hash, rest);
        return (uint)(hash >> 32);
    }

    private static ulong Mix(ulong hash, ulong value)
    {
        hash = (hash ^ value) * 0x9E3779B97F4A7C15UL;
        return hash ^ (hash >> 29);
    }

    private sealed record Entry(uint Hash, string Word, int[] Ids);
}
