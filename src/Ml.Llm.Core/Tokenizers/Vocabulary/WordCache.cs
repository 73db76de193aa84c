using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Ml.Llm.Tokenization;

/// <summary>
/// The tokens of words met before. Four slots for each place of a table; a new word takes the first and pushes the others on.
/// What is written never changes, so that threads read without a lock.
/// </summary>
/// <remarks>
/// Words lie one behind the other in one array of integers, which the garbage collector neither walks nor moves: the hash of
/// the word, its length and the number of its ids, the ids, and the word, two units an integer. Slots hold where a word
/// begins, 0 for none, below upper bits of its hash, which spare looking at most other words. The arrays are made when the
/// first word comes, and grow; full for good, they are begun anew.
/// </remarks>
/// <threadsafety>Safe for any number of threads.</threadsafety>
internal sealed class WordCache
{
    /// <summary>Longer words are rare and not kept.</summary>
    public const int LongestWord = 48;

    private const int FirstId = 2;
    private const int LengthBits = 8;

    /// <summary>The integers that the words' array begins with, and the most it has (64 KB and 8 MB), each four times the one before.</summary>
    private const int LeastRoom = 1 << 14;
    private const int MostRoom = 1 << BeginBits;
    private const int Growth = 4;
    private const int BeginBits = 21;

    private const int Ways = 4;

    /// <summary>Integers for each place of the table, so that places and room are used up together.</summary>
    private const int RoomForPlace = 32;

    private readonly Writer _writer = new();
    private Table? _table;

    /// <summary>Adds the ids of a word to a list, if the word is here.</summary>
    /// <param name="word">The word, at most <see cref="LongestWord"/> units long.</param>
    /// <param name="hash">Its hash, to be given to <see cref="Add"/>.</param>
    /// <param name="ids">The list.</param>
    public bool TryAppend(ReadOnlySpan<char> word, out uint hash, List<int> ids)
    {
        hash = HashOf(word);
        if (Volatile.Read(ref _table) is not { } table) return false;
        var (slots, words) = (table.Slots, table.Words);
        var place = table.PlaceOf(hash);
        for (var slot = place; slot < place + Ways; slot++)
        {
            var kept = Volatile.Read(ref slots[slot]);
            if (kept == 0) return false;
            var at = kept & (MostRoom - 1);
            if ((uint)kept >> BeginBits != hash >> BeginBits || !Holds(words, at, word, hash)) continue;
            var count = words[at + 1] >> LengthBits;
            if (count == 1) ids.Add(words[at + FirstId]);
            else ids.AddRange(words.AsSpan(at + FirstId, count));
            return true;
        }

        return false;
    }

    /// <summary>Keeps a word and its tokens.</summary>
    public void Add(ReadOnlySpan<char> word, uint hash, ReadOnlySpan<int> ids)
    {
        var length = FirstId + ids.Length + ((word.Length + 1) / 2);
        lock (_writer)
        {
            var table = _table is { } present && _writer.Used + length <= present.Words.Length ? present : Larger(_table);
            var entry = table.Words.AsSpan(_writer.Used, length);
            entry[0] = (int)hash;
            entry[1] = (ids.Length << LengthBits) | word.Length;
            ids.CopyTo(entry[FirstId..]);
            word.CopyTo(MemoryMarshal.Cast<int, char>(entry[(FirstId + ids.Length)..]));
            table.Publish(_writer.Used);
            _writer.Used += length;
            // Written only where it changes: every thread reads this field for every word.
            if (table != _table) Volatile.Write(ref _table, table);
        }
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

    private static bool Holds(int[] words, int at, ReadOnlySpan<char> word, uint hash)
    {
        if ((uint)words[at] != hash || (words[at + 1] & ((1 << LengthBits) - 1)) != word.Length) return false;
        var kept = MemoryMarshal.Cast<int, char>(words.AsSpan(at + FirstId + (words[at + 1] >> LengthBits)));
        return kept[..word.Length].SequenceEqual(word);
    }

    /// <summary>A table with more room that holds the same words; an empty one where there is no more room to be had.</summary>
    private Table Larger(Table? table)
    {
        if (table is null || table.Words.Length == MostRoom)
        {
            _writer.Used = Table.First;
            return new Table(table is null ? LeastRoom : MostRoom);
        }

        var larger = new Table(Math.Min(MostRoom, table.Words.Length * Growth));
        table.Words.AsSpan(0, _writer.Used).CopyTo(larger.Words);
        for (var at = Table.First; at < _writer.Used;)
        {
            larger.Publish(at);
            var counts = table.Words[at + 1];
            at += FirstId + (counts >> LengthBits) + (((counts & ((1 << LengthBits) - 1)) + 1) / 2);
        }

        return larger;
    }

    private static ulong Mix(ulong hash, ulong value)
    {
        hash = (hash ^ value) * 0x9E3779B97F4A7C15UL;
        return hash ^ (hash >> 29);
    }

    /// <summary>What only writers touch, in an object of its own: beside what is read, each word added would take that from other cores' caches.</summary>
    private sealed class Writer
    {
        public int Used { get; set; }
    }

    private sealed class Table(int room)
    {
        public const int First = 1;

        public int[] Words { get; } = new int[room];

        public int[] Slots { get; } = new int[Ways * (room / RoomForPlace)];

        public int PlaceOf(uint hash) => (int)(hash & (uint)((Slots.Length / Ways) - 1)) * Ways;

        /// <summary>Puts a word that is written in full into the first slot of its place.</summary>
        public void Publish(int at)
        {
            var hash = (uint)Words[at];
            var place = PlaceOf(hash);
            for (var slot = place + Ways - 1; slot > place; slot--)
                Volatile.Write(ref Slots[slot], Volatile.Read(ref Slots[slot - 1]));
            Volatile.Write(ref Slots[place], (int)((hash >> BeginBits) << BeginBits) | at);
        }
    }
}
