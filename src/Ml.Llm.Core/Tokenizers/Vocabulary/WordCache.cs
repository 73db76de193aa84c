using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Ml.Llm.Tokenization;

/// <summary>
/// The tokens of words met before: short ones in a table of their own, and here what is longer or found its place there taken.
/// What is written never changes, so that threads read without a lock.
/// </summary>
/// <remarks>
/// Words lie one behind the other in one array of integers, which the garbage collector neither walks nor moves: the hash of
/// the word, its length and the number of its ids, the ids, and the word, two units an integer. Four slots for each place of
/// a table hold where a word begins, 0 for none, below upper bits of its hash, which spare looking at most other words. The
/// arrays are made when the first word comes, and grow; once they are full for good, or have turned away as many words as
/// there are slots, all is begun anew, so that they follow a text that changes.
/// </remarks>
/// <threadsafety>Safe for any number of threads.</threadsafety>
internal sealed class WordCache
{
    /// <summary>Longer words are rare and not kept.</summary>
    public const int LongestWord = 48;

    private const int FirstId = 2;
    private const int LengthBits = 8;
    private const int LengthMask = (1 << LengthBits) - 1;

    /// <summary>The integers that the words' array begins with, and the most it has (64 KB and 8 MB), each four times the one before.</summary>
    private const int LeastRoom = 1 << 14;
    private const int MostRoom = 1 << BeginBits;
    private const int Growth = 4;
    private const int BeginBits = 21;

    private const int Ways = 4;

    /// <summary>Integers for each place of the table, so that places and room are used up together.</summary>
    private const int RoomForPlace = 16;

    private const int UnitsOfPart = sizeof(ulong) / sizeof(char);

    private readonly Writer _writer = new();
    private ShortWords? _shortWords;
    private Table? _table;

    /// <summary>Adds the ids of a word to a list, if the word is here.</summary>
    /// <param name="word">The word, of 1 to <see cref="LongestWord"/> units.</param>
    /// <param name="ids">The list.</param>
    public bool TryAppend(ReadOnlySpan<char> word, List<int> ids)
    {
        if (!TryFind(word, out var found)) return false;
        if (found.Length == 1) ids.Add(found[0]);
        else ids.AddRange(found);
        return true;
    }

    /// <summary>Finds the ids of a word, if the word is here.</summary>
    /// <param name="word">The word, of 1 to <see cref="LongestWord"/> units.</param>
    /// <param name="ids">Gets the ids, which never change.</param>
    public bool TryFind(ReadOnlySpan<char> word, out ReadOnlySpan<int> ids)
    {
        ulong hash;
        ids = default;
        if (word.Length > ShortWords.LongestWord)
        {
            hash = HashOf(word);
        }
        else
        {
            if (Volatile.Read(ref _shortWords) is not { } shortWords) return false;
            if (shortWords.TryFind(word, out hash, out ids, out var isFree)) return true;
            if (isFree) return false;
        }

        return Volatile.Read(ref _table) is { } table && table.TryFind(word, (uint)hash, out ids);
    }

    /// <summary>Keeps a word and its tokens.</summary>
    /// <param name="word">The word, of 1 to <see cref="LongestWord"/> units.</param>
    /// <param name="ids">Its ids.</param>
    public void Add(ReadOnlySpan<char> word, ReadOnlySpan<int> ids)
    {
        lock (_writer)
        {
            // Written only where they change: every thread reads these fields for every word.
            if (_shortWords is null) Volatile.Write(ref _shortWords, new ShortWords());
            else if (_shortWords.IsCrowded) Volatile.Write(ref _shortWords, _shortWords.Larger());
            if (!_shortWords.TryAdd(word, ids)) AddToTable(word, ids);
        }
    }

    private void AddToTable(ReadOnlySpan<char> word, ReadOnlySpan<int> ids)
    {
        var hash = (uint)HashOf(word);
        var length = FirstId + ids.Length + ((word.Length + 1) / 2);
        if (_table is null || _writer.Used + length > _table.Words.Length)
        {
            if (_table?.Words.Length == MostRoom)
            {
                BeginAnew();
                return;
            }

            Volatile.Write(ref _table, Larger(_table));
        }

        if (!_table.HasRoomFor(hash))
        {
            if (++_writer.TurnedAway > _table.Slots.Length) BeginAnew();
            return;
        }

        var entry = _table.Words.AsSpan(_writer.Used, length);
        entry[0] = (int)hash;
        entry[1] = (ids.Length << LengthBits) | word.Length;
        ids.CopyTo(entry[FirstId..]);
        word.CopyTo(MemoryMarshal.Cast<int, char>(entry[(FirstId + ids.Length)..]));
        _table.Publish(_writer.Used);
        _writer.Used += length;
    }

    private void BeginAnew()
    {
        Volatile.Write(ref _shortWords, new ShortWords());
        Volatile.Write(ref _table, null);
        (_writer.Used, _writer.TurnedAway) = (Table.First, 0);
    }

    /// <summary>A table with more room that holds the same words.</summary>
    private Table Larger(Table? table)
    {
        if (table is null) return new Table(LeastRoom);
        var larger = new Table(Math.Min(MostRoom, table.Words.Length * Growth));
        table.Words.AsSpan(0, _writer.Used).CopyTo(larger.Words);
        for (var at = Table.First; at < _writer.Used;)
        {
            larger.Publish(at);
            var counts = table.Words[at + 1];
            at += FirstId + (counts >> LengthBits) + (((counts & LengthMask) + 1) / 2);
        }

        return larger;
    }

    /// <summary>A fast hash of text; collisions cost a miss, nothing else.</summary>
    private static ulong HashOf(ReadOnlySpan<char> word)
    {
        if (word.Length <= ShortWords.LongestWord) return ShortWords.HashOf(word);

        // The last eight bytes are read again where the length is no multiple, which costs less than to take them singly.
        ref var first = ref MemoryMarshal.GetReference(word);
        var hash = (ulong)word.Length;
        var last = word.Length - UnitsOfPart;
        for (var at = 0; at < last; at += UnitsOfPart) hash = Mix(hash, PartAt(ref first, at));
        return Mix(hash, PartAt(ref first, last)) >> 32;
    }

    private static ulong PartAt(ref char units, int at) => Unsafe.ReadUnaligned<ulong>(ref Unsafe.As<char, byte>(ref Unsafe.Add(ref units, at)));

    private static ulong Mix(ulong hash, ulong value)
    {
        hash = (hash ^ value) * 0x9E3779B97F4A7C15UL;
        return hash ^ (hash >> 29);
    }

    /// <summary>What only writers touch, in an object of its own: beside what is read, each word added would take that from other cores' caches.</summary>
    private sealed class Writer
    {
        public int Used { get; set; } = Table.First;

        public int TurnedAway { get; set; }
    }

    private sealed class Table(int room)
    {
        public const int First = 1;

        public int[] Words { get; } = new int[room];

        public int[] Slots { get; } = new int[Ways * (room / RoomForPlace)];

        public bool TryFind(ReadOnlySpan<char> word, uint hash, out ReadOnlySpan<int> ids)
        {
            ids = default;
            var place = PlaceOf(hash);
            for (var slot = place; slot < place + Ways; slot++)
            {
                var kept = Volatile.Read(ref Slots[slot]);
                if (kept == 0) return false;
                var at = kept & (MostRoom - 1);
                if ((uint)kept >> BeginBits != hash >> BeginBits || !Holds(at, word, hash)) continue;
                ids = Words.AsSpan(at + FirstId, Words[at + 1] >> LengthBits);
                return true;
            }

            return false;
        }

        /// <summary>Whether the place of a word has a free slot.</summary>
        public bool HasRoomFor(uint hash) => Slots[PlaceOf(hash) + Ways - 1] == 0;

        /// <summary>Puts a word that is written in full into a free slot of its place, if there is one.</summary>
        public void Publish(int at)
        {
            var hash = (uint)Words[at];
            var free = Slots.AsSpan(PlaceOf(hash), Ways).IndexOf(0);
            if (free >= 0) Volatile.Write(ref Slots[PlaceOf(hash) + free], (int)((hash >> BeginBits) << BeginBits) | at);
        }

        private int PlaceOf(uint hash) => (int)(hash & (uint)((Slots.Length / Ways) - 1)) * Ways;

        private bool Holds(int at, ReadOnlySpan<char> word, uint hash)
        {
            if ((uint)Words[at] != hash || (Words[at + 1] & LengthMask) != word.Length) return false;
            var kept = MemoryMarshal.Cast<int, char>(Words.AsSpan(at + FirstId + (Words[at + 1] >> LengthBits)));
            return kept[..word.Length].SequenceEqual(word);
        }
    }
}
