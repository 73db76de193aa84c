using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Ml.Llm.Tokenization;

/// <summary>
/// A table of short words with few tokens, each in one line of a processor's cache: one load finds a word, compares it and has
/// its tokens. The first word that comes to a place stays there, and never changes, so that threads read without a lock.
/// </summary>
/// <threadsafety>Safe for any number of readers and one writer.</threadsafety>
internal sealed class ShortWords
{
    /// <summary>Longer words are not kept here.</summary>
    public const int LongestWord = 4 * UnitsOfPart;

    private const int UnitsOfPart = sizeof(ulong) / sizeof(char);
    private const int MostIds = 7;
    private const int LengthBits = 8;
    private const int LengthMask = (1 << LengthBits) - 1;

    /// <summary>The places that a table begins with, and the most it has (64 KB and 4 MB), each eight times the one before.</summary>
    private const int LeastPlaces = 1 << 10;
    private const int MostPlaces = 1 << 16;
    private const int Growth = 8;

    private const int LineBytes = 64;

    private readonly byte[] _bytes;
    private readonly int _first;
    private readonly int _mask;
    private readonly WordTally _tally = new();

    /// <summary>Makes the smallest table.</summary>
    public ShortWords()
        : this(LeastPlaces)
    {
    }

    private ShortWords(int places)
    {
        // Pinned, so that places which begin with a line go on to do so.
        _bytes = GC.AllocateArray<byte>((places + 1) * LineBytes, pinned: true);
        _first = (int)(-Address(_bytes) & (LineBytes - 1));
        _mask = places - 1;
    }

    /// <summary>Whether so many words are in that one of two new ones would find its place taken, and a larger table can be had.</summary>
    public bool IsCrowded => 2 * _tally.Words > _mask && _mask + 1 < MostPlaces;

    /// <summary>The hash of a word that is not too long.</summary>
    public static ulong HashOf(ReadOnlySpan<char> word) => Key.Of(word).HashOf(word.Length);

    /// <summary>Finds the ids of a word, if the word is here.</summary>
    /// <param name="word">The word, of 1 to <see cref="LongestWord"/> units.</param>
    /// <param name="hash">Gets its hash.</param>
    /// <param name="ids">Gets the ids, which never change.</param>
    public bool TryFind(ReadOnlySpan<char> word, out ulong hash, out ReadOnlySpan<int> ids)
    {
        var key = Key.Of(word);
        hash = key.HashOf(word.Length);
        ref var place = ref PlaceOf(hash);
        var counts = Volatile.Read(ref place.Counts);
        var isHere = (counts & LengthMask) == word.Length && place.Key.IsSame(key);
        ids = isHere ? ((ReadOnlySpan<int>)place.Ids)[..(counts >> LengthBits)] : default;
        return isHere;
    }

    /// <summary>Keeps a word and its tokens, if its place is free and the word and they are not too long.</summary>
    public bool TryAdd(ReadOnlySpan<char> word, ReadOnlySpan<int> ids)
    {
        if (word.Length > LongestWord || ids.Length > MostIds) return false;
        var key = Key.Of(word);
        ref var place = ref PlaceOf(key.HashOf(word.Length));
        if (place.Counts != 0) return false;
        place.Key = key;
        ids.CopyTo(place.Ids);
        Volatile.Write(ref place.Counts, (ids.Length << LengthBits) | word.Length);
        _tally.Words++;
        return true;
    }

    /// <summary>A larger table that holds the same words, but those that meet there.</summary>
    public ShortWords Larger()
    {
        var larger = new ShortWords(Math.Min(MostPlaces, (_mask + 1) * Growth));
        for (var i = 0; i <= _mask; i++)
        {
            ref var place = ref PlaceAt(i);
            if (place.Counts == 0) continue;
            ref var target = ref larger.PlaceOf(place.Key.HashOf(place.Counts & LengthMask));
            if (target.Counts != 0) continue;
            target = place;
            larger._tally.Words++;
        }

        return larger;
    }

    private static unsafe nint Address(byte[] pinned) => (nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(pinned));

    // By the upper bits: what finds its place taken is looked for elsewhere by the lower ones.
    private ref Place PlaceOf(ulong hash) => ref PlaceAt((int)(hash >> 40) & _mask);

    private ref Place PlaceAt(int index) =>
        ref Unsafe.As<byte, Place>(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_bytes), _first + (index * LineBytes)));

    /// <summary>The units of a word in four parts, which overlap where it is shorter. Words of one length are equal if their parts are.</summary>
    private readonly struct Key
    {
        private readonly ulong _first, _second, _third, _last;

        private Key(ReadOnlySpan<char> word)
        {
            ref var units = ref MemoryMarshal.GetReference(word);
            var end = word.Length - UnitsOfPart;
            if (end < 0)
            {
                // Of up to three units, the first, the middle and the last are all.
                _first = units | ((ulong)Unsafe.Add(ref units, word.Length >> 1) << 16) | ((ulong)Unsafe.Add(ref units, word.Length - 1) << 32);
            }
            else
            {
                _first = PartAt(ref units, 0);
                _second = PartAt(ref units, Math.Min(UnitsOfPart, end));
                _third = PartAt(ref units, Math.Max(0, end - UnitsOfPart));
                _last = PartAt(ref units, end);
            }
        }

        public static Key Of(ReadOnlySpan<char> word) => new(word);

        /// <summary>Two products of 128 bits, each folded: no chain of them, as a loop over the word would be.</summary>
        public ulong HashOf(int length) =>
            Folded(_first ^ 0x9E3779B97F4A7C15, _last ^ 0xC2B2AE3D27D4EB4F)
            ^ Folded(_second ^ 0x165667B19E3779F9, _third ^ 0x27D4EB2F165667C5 ^ (uint)length);

        public bool IsSame(in Key other) =>
            ((_first ^ other._first) | (_second ^ other._second) | (_third ^ other._third) | (_last ^ other._last)) == 0;

        private static ulong PartAt(ref char units, int at) => Unsafe.ReadUnaligned<ulong>(ref Unsafe.As<char, byte>(ref Unsafe.Add(ref units, at)));

        private static ulong Folded(ulong one, ulong other) => Math.BigMul(one, other, out var low) ^ low;
    }

    [InlineArray(MostIds)]
    private struct IdList
    {
        private int _id;
    }

    /// <summary>A line: the word's length and the number of its ids, 0 in a free place and written last; the word; the ids.</summary>
    private struct Place
    {
        public int Counts;
        public IdList Ids;
        public Key Key;
    }
}
