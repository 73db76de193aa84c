using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Ml.Llm.Tokenization;

/// <summary>
/// The tokens of words met before. Two slots for each place of a fixed table; a new word pushes the one in the first slot
/// into the second. Entries never change, so that threads share the cache without a lock.
/// </summary>
/// <remarks>
/// An entry is one array of integers: the hash of the word, its length and the number of its ids, the ids, and the word, two
/// units an integer. The table is made when the first word comes.
/// </remarks>
/// <threadsafety>Safe for any number of threads.</threadsafety>
internal sealed class WordCache
{
    /// <summary>Longer words are rare and not kept.</summary>
    public const int LongestWord = 48;

    private const int Places = 1 << 15;
    private const int FirstId = 2;
    private const int LengthBits = 8;

    private int[]?[]? _slots;

    /// <summary>Adds the ids of a word to a list, if the word is here.</summary>
    /// <param name="word">The word, at most <see cref="LongestWord"/> units long.</param>
    /// <param name="hash">Its hash, to be given to <see cref="Add"/>.</param>
    /// <param name="ids">The list.</param>
    public bool TryAppend(ReadOnlySpan<char> word, out uint hash, List<int> ids)
    {
        hash = HashOf(word);
        if (_slots is not { } slots) return false;
        var place = (int)(hash % Places) * 2;
        var entry = Volatile.Read(ref slots[place]);
        if (entry is null || !Holds(entry, word, hash))
        {
            entry = Volatile.Read(ref slots[place + 1]);
            if (entry is null || !Holds(entry, word, hash)) return false;
        }

        var count = entry[1] >> LengthBits;
        if (count == 1) ids.Add(entry[FirstId]);
        else ids.AddRange(entry.AsSpan(FirstId, count));
        return true;
    }

    /// <summary>Keeps a word and its tokens.</summary>
    public void Add(ReadOnlySpan<char> word, uint hash, ReadOnlySpan<int> ids)
    {
        var entry = new int[FirstId + ids.Length + ((word.Length + 1) / 2)];
        entry[0] = (int)hash;
        entry[1] = (ids.Length << LengthBits) | word.Length;
        ids.CopyTo(entry.AsSpan(FirstId));
        word.CopyTo(MemoryMarshal.Cast<int, char>(entry.AsSpan(FirstId + ids.Length)));

        var slots = _slots ?? Interlocked.CompareExchange(ref _slots, new int[]?[2 * Places], null) ?? _slots;
        var place = (int)(hash % Places) * 2;
        Volatile.Write(ref slots[place + 1], Volatile.Read(ref slots[place]));
        Volatile.Write(ref slots[place], entry);
    }

    /// <summary>A fast hash of text; collisions cost a miss, nothing else.</summary>
    internal static uint HashOf(ReadOnlySpan<char> word)
    {
        const int Units = sizeof(ulong) / sizeof(char);
        ref var first = ref Unsafe.As<char, byte>(ref MemoryMarshal.GetReference(word));
        var hash = (ulong)word.Length;
        if (word.Length < Units)
        {
            ulong few = 0;
            foreach (var unit in word) few = (few << 16) | unit;
            return (uint)(Mix(hash, few) >> 32);
        }

        // The last eight bytes are read again where the length is no multiple, which costs less than to take them singly.
        var last = word.Length - Units;
        for (var at = 0; at < last; at += Units) hash = Mix(hash, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref first, at * sizeof(char))));
        return (uint)(Mix(hash, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref first, last * sizeof(char)))) >> 32);
    }

    private static bool Holds(int[] entry, ReadOnlySpan<char> word, uint hash)
    {
        if ((uint)entry[0] != hash || (entry[1] & ((1 << LengthBits) - 1)) != word.Length) return false;
        var kept = MemoryMarshal.Cast<int, char>(entry.AsSpan(FirstId + (entry[1] >> LengthBits)));
        return kept[..word.Length].SequenceEqual(word);
    }

    private static ulong Mix(ulong hash, ulong value)
    {
        hash = (hash ^ value) * 0x9E3779B97F4A7C15UL;
        return hash ^ (hash >> 29);
    }
}
