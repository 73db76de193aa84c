using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Ml.Llm.Tokenization;

/// <summary>
/// Words and their ids, of whatever length, one behind the other in one array of integers, which the garbage collector neither
/// walks nor moves. What is written never changes, so that threads read without a lock.
/// </summary>
/// <remarks>
/// A word is its hash, its length and the number of its ids, the ids, and its units, two an integer. Four slots for each place
/// of a table hold where a word begins, 0 for none, below upper bits of its hash, which spare looking at most other words.
/// </remarks>
/// <threadsafety>Safe for any number of readers and one writer.</threadsafety>
internal sealed class LongWords
{
    private const int FirstId = 2;
    private const int LengthBits = 8;
    private const int LengthMask = (1 << LengthBits) - 1;

    /// <summary>The integers that the array begins with, and the most it has (64 KB and 8 MB), each four times the one before.</summary>
    private const int LeastRoom = 1 << 14;
    private const int MostRoom = 1 << BeginBits;
    private const int Growth = 4;
    private const int BeginBits = 21;

    private const int Ways = 4;

    /// <summary>Integers for each place of the table, so that few words find no slot.</summary>
    private const int RoomForPlace = 32;

    private const int UnitsOfPart = sizeof(ulong) / sizeof(char);

    private readonly int[] _words;
    private readonly int[] _slots;
    private readonly WordTally _tally = new() { Used = 1 };

    /// <summary>Makes the smallest table.</summary>
    public LongWords()
        : this(LeastRoom)
    {
    }

    private LongWords(int room) => (_words, _slots) = (new int[room], new int[Ways * (room / RoomForPlace)]);

    /// <summary>Whether a larger table can be had.</summary>
    public bool CanGrow => _words.Length < MostRoom;

    /// <summary>The hash of a word that is at least four units long.</summary>
    public static ulong HashOf(ReadOnlySpan<char> word)
    {
        // The last eight bytes are read again where the length is no multiple, which costs less than to take them singly.
        ref var first = ref MemoryMarshal.GetReference(word);
        var hash = (ulong)word.Length;
        var last = word.Length - UnitsOfPart;
        for (var at = 0; at < last; at += UnitsOfPart) hash = Mix(hash, PartAt(ref first, at));
        return Mix(hash, PartAt(ref first, last));
    }

    /// <summary>Finds the ids of a word, if the word is here.</summary>
    /// <param name="word">The word.</param>
    /// <param name="hash">Its hash.</param>
    /// <param name="ids">Gets the ids, which never change.</param>
    public bool TryFind(ReadOnlySpan<char> word, uint hash, out ReadOnlySpan<int> ids)
    {
        ids = default;
        var place = PlaceOf(hash);
        for (var slot = place; slot < place + Ways; slot++)
        {
            var kept = Volatile.Read(ref _slots[slot]);
            if (kept == 0) return false;
            var at = kept & (MostRoom - 1);
            if ((uint)kept >> BeginBits != hash >> BeginBits || !Holds(at, word, hash)) continue;
            ids = _words.AsSpan(at + FirstId, _words[at + 1] >> LengthBits);
            return true;
        }

        return false;
    }

    /// <summary>Whether there is room for a word and its ids.</summary>
    public bool HasRoomFor(ReadOnlySpan<char> word, ReadOnlySpan<int> ids) => _tally.Used + LengthOf(word.Length, ids.Length) <= _words.Length;

    /// <summary>Keeps a word that there is room for, if one of its slots is free.</summary>
    /// <returns>Whether fewer words than there are slots were turned away until now.</returns>
    public bool Add(ReadOnlySpan<char> word, uint hash, ReadOnlySpan<int> ids)
    {
        if (_slots[PlaceOf(hash) + Ways - 1] != 0) return ++_tally.TurnedAway <= _slots.Length;
        var entry = _words.AsSpan(_tally.Used, LengthOf(word.Length, ids.Length));
        entry[0] = (int)hash;
        entry[1] = (ids.Length << LengthBits) | word.Length;
        ids.CopyTo(entry[FirstId..]);
        word.CopyTo(MemoryMarshal.Cast<int, char>(entry[(FirstId + ids.Length)..]));
        Publish(_tally.Used);
        _tally.Used += entry.Length;
        return true;
    }

    /// <summary>A larger table that holds the same words.</summary>
    public LongWords Larger()
    {
        var larger = new LongWords(Math.Min(MostRoom, _words.Length * Growth));
        _words.AsSpan(0, _tally.Used).CopyTo(larger._words);
        var used = larger._tally.Used;
        for (; used < _tally.Used; used += LengthOf(_words[used + 1] & LengthMask, _words[used + 1] >> LengthBits)) larger.Publish(used);
        larger._tally.Used = used;
        return larger;
    }

    private static int LengthOf(int units, int ids) => FirstId + ids + ((units + 1) / 2);

    private static ulong PartAt(ref char units, int at) => Unsafe.ReadUnaligned<ulong>(ref Unsafe.As<char, byte>(ref Unsafe.Add(ref units, at)));

    private static ulong Mix(ulong hash, ulong value) => Math.BigMul(hash ^ value, 0x9E3779B97F4A7C15UL, out var low) ^ low;

    private int PlaceOf(uint hash) => (int)(hash & (uint)((_slots.Length / Ways) - 1)) * Ways;

    private bool Holds(int at, ReadOnlySpan<char> word, uint hash)
    {
        if ((uint)_words[at] != hash || (_words[at + 1] & LengthMask) != word.Length) return false;
        var kept = MemoryMarshal.Cast<int, char>(_words.AsSpan(at + FirstId + (_words[at + 1] >> LengthBits)));
        return kept[..word.Length].SequenceEqual(word);
    }

    /// <summary>Puts a word that is written in full into a free slot of its place, if there is one.</summary>
    private void Publish(int at)
    {
        var hash = (uint)_words[at];
        var place = PlaceOf(hash);
        var free = _slots.AsSpan(place, Ways).IndexOf(0);
        if (free >= 0) Volatile.Write(ref _slots[place + free], (int)((hash >> BeginBits) << BeginBits) | at);
    }
}
