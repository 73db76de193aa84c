using System.Runtime.CompilerServices;

namespace Ml.Llm.Tokenization;

/// <summary>
/// Words and how often they occur. A word that is known costs a look-up and no allocation; the text of new ones goes into
/// shared blocks, so that millions of words are a few thousand objects.
/// </summary>
/// <remarks>
/// Open addressing, at most half full; a slot holds the hash beside the word's number, so that the text is compared only
/// where the hashes agree. The hash is the seeded one of strings: chosen words cannot make the table slow, and the
/// numbers do not depend on it.
/// </remarks>
/// <threadsafety>Belongs to one thread at a time.</threadsafety>
internal sealed class WordTable
{
    private const int BlockLength = 1 << 15;

    private readonly List<char[]> _blocks = [];
    private ulong[] _slots = new ulong[1 << 12];   // hash << 32 | number + 1; 0 is empty
    private Entry[] _entries = new Entry[1 << 11];
    private int _open = -1;                        // the block that short words go to; a long one has a block of its own
    private int _used = BlockLength;

    /// <summary>How many different words there are.</summary>
    public int Count { get; private set; }

    /// <summary>The text of a word, by its number.</summary>
    public ReadOnlySpan<char> WordAt(int number)
    {
        ref readonly var entry = ref _entries[number];
        return _blocks[entry.Block].AsSpan(entry.Start, entry.Length);
    }

    /// <summary>How often a word occurs.</summary>
    public long CountAt(int number) => _entries[number].Count;

    /// <summary>Counts a word.</summary>
    public void Add(ReadOnlySpan<char> word, long count = 1)
    {
        var hash = (uint)string.GetHashCode(word, StringComparison.Ordinal);
        var mask = _slots.Length - 1;
        for (var slot = (int)hash & mask; ; slot = (slot + 1) & mask)
        {
            var content = _slots[slot];
            if (content == 0)
            {
                AddNew(word, count, hash, slot);
                return;
            }

            if ((uint)(content >> 32) != hash) continue;
            var number = (int)(uint)content - 1;
            if (!WordAt(number).SequenceEqual(word)) continue;
            _entries[number].Count += count;
            return;
        }
    }

    /// <summary>Adds all counts of another table.</summary>
    public void AddAll(WordTable other)
    {
        for (var number = 0; number < other.Count; number++) Add(other.WordAt(number), other.CountAt(number));
    }

    /// <summary>The numbers of the words in the order of their code points.</summary>
    public int[] InOrder()
    {
        var numbers = new int[Count];
        var keys = new ulong[Count];
        for (var i = 0; i < Count; i++) (numbers[i], keys[i]) = (i, CodePointOrder.KeyOf(WordAt(i)));
        Array.Sort(keys, numbers);

        // Words that begin with the same four units are put in order among themselves.
        var byText = Comparer<int>.Create((a, b) => CodePointOrder.Compare(WordAt(a), WordAt(b)));
        for (int start = 0, end; start < Count; start = end)
        {
            for (end = start + 1; end < Count && keys[end] == keys[start];) end++;
            if (end - start > 1) Array.Sort(numbers, start, end - start, byText);
        }

        return numbers;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AddNew(ReadOnlySpan<char> word, long count, uint hash, int slot)
    {
        if (Count == _entries.Length) Array.Resize(ref _entries, checked(2 * Count));
        _entries[Count] = Store(word) with { Count = count };
        Count++;
        _slots[slot] = ((ulong)hash << 32) | (uint)Count;
        if (2 * Count > _slots.Length) Grow();
    }

    private Entry Store(ReadOnlySpan<char> word)
    {
        if (word.Length > BlockLength / 8)
        {
            _blocks.Add(word.ToArray());
            return new Entry { Block = _blocks.Count - 1, Length = word.Length };
        }

        if (_used + word.Length > BlockLength)
        {
            _open = _blocks.Count;
            _blocks.Add(new char[BlockLength]);
            _used = 0;
        }

        word.CopyTo(_blocks[_open].AsSpan(_used));
        var entry = new Entry { Block = _open, Start = _used, Length = word.Length };
        _used += word.Length;
        return entry;
    }

    private void Grow()
    {
        var slots = new ulong[checked(2 * _slots.Length)];
        var mask = slots.Length - 1;
        foreach (var content in _slots)
        {
            if (content == 0) continue;
            var slot = (int)(content >> 32) & mask;
            while (slots[slot] != 0) slot = (slot + 1) & mask;
            slots[slot] = content;
        }

        _slots = slots;
    }

    private struct Entry
    {
        public long Count;
        public int Block;
        public int Start;
        public int Length;
    }
}
