using System.Text;

namespace Ml.Llm.Tokenization;

/// <summary>Lays out a <see cref="ByteTrie"/>.</summary>
/// <remarks>
/// A node's children need slots that are all empty. Empty slots form a ring; only those of the last few blocks of 256 stay in
/// it, so that a node with many children is placed in bounded time, and the array grows by a block where none fits.
/// </remarks>
/// <threadsafety>Belongs to one call.</threadsafety>
internal sealed class ByteTrieBuilder
{
    private const int BlockSize = 256;
    private const int OpenBlocks = 16;
    private const int Empty = -2;
    private const int NoParent = -1;

    private ByteTrie.Slot[] _slots = [];
    private int[] _nextEmpty = [];
    private int[] _previousEmpty = [];
    private int _count;
    private int _firstEmpty = NoParent;

    /// <summary>Lays out the trie of some tokens.</summary>
    public static ByteTrie.Slot[] Build(IEnumerable<KeyValuePair<string, int>> tokens)
    {
        var keys = new List<(byte[] Bytes, int Value)>();
        foreach (var (token, value) in tokens)
        {
            if (token.Length > 0) keys.Add((Encoding.UTF8.GetBytes(token), value));
        }

        var sorted = keys.Select((key, order) => (key.Bytes, key.Value, Order: order)).ToArray();
        Array.Sort(sorted, static (a, b) => a.Bytes.AsSpan().SequenceCompareTo(b.Bytes) is not 0 and var difference ? difference : a.Order.CompareTo(b.Order));
        return new ByteTrieBuilder().LayOut(Array.ConvertAll(sorted, static key => (key.Bytes, key.Value)));
    }

    private ByteTrie.Slot[] LayOut((byte[] Bytes, int Value)[] keys)
    {
        AddBlock();
        Take(ByteTrie.Root, NoParent);
        var labels = new List<byte>();
        var starts = new List<int>();
        var open = new Stack<(int Node, int From, int To, int Depth)>();
        open.Push((ByteTrie.Root, 0, keys.Length, 0));
        while (open.TryPop(out var range))
        {
            var (node, from, to, depth) = range;
            for (; from < to && keys[from].Bytes.Length == depth; from++) _slots[node].Value = keys[from].Value;
            if (from == to) continue;

            labels.Clear();
            starts.Clear();
            for (var i = from; i < to; i++)
            {
                var label = keys[i].Bytes[depth];
                if (labels.Count > 0 && labels[^1] == label) continue;
                labels.Add(label);
                starts.Add(i);
            }

            var place = FindBase(labels);
            _slots[node].Base = place;
            foreach (var label in labels) Take(place ^ label, node);
            for (var i = labels.Count - 1; i >= 0; i--)
                open.Push((place ^ labels[i], starts[i], i + 1 < starts.Count ? starts[i + 1] : to, depth + 1));
        }

        return _slots.AsSpan(0, _count).ToArray();
    }

    private int FindBase(List<byte> labels)
    {
        var slot = _firstEmpty;
        if (slot != NoParent)
        {
            do
            {
                var place = slot ^ labels[0];
                if (Fits(place, labels)) return place;
                slot = _nextEmpty[slot];
            }
            while (slot != _firstEmpty);
        }

        return AddBlock();
    }

    private bool Fits(int place, List<byte> labels)
    {
        for (var i = 1; i < labels.Count; i++)
        {
            if (_slots[place ^ labels[i]].Parent != Empty) return false;
        }

        return true;
    }

    private int AddBlock()
    {
        var start = _count;
        _count = checked(_count + BlockSize);
        if (_count > _slots.Length)
        {
            var size = Math.Max(_count, 2 * _slots.Length);
            Array.Resize(ref _slots, size);
            Array.Resize(ref _nextEmpty, size);
            Array.Resize(ref _previousEmpty, size);
        }

        for (var slot = start; slot < _count; slot++)
        {
            _slots[slot] = new ByteTrie.Slot { Parent = Empty, Value = ByteTrie.None };
            PutInRing(slot);
        }

        // A block that has been open for long is full, or has holes that nothing fits in.
        var closed = start - (OpenBlocks * BlockSize);
        for (var slot = closed; closed >= 0 && slot < closed + BlockSize; slot++)
        {
            if (_slots[slot].Parent == Empty) TakeOutOfRing(slot);
        }

        return start;
    }

    private void Take(int slot, int parent)
    {
        _slots[slot].Parent = parent;
        TakeOutOfRing(slot);
    }

    private void PutInRing(int slot)
    {
        if (_firstEmpty == NoParent)
        {
            _firstEmpty = _nextEmpty[slot] = _previousEmpty[slot] = slot;
            return;
        }

        var last = _previousEmpty[_firstEmpty];
        (_nextEmpty[last], _previousEmpty[slot]) = (slot, last);
        (_nextEmpty[slot], _previousEmpty[_firstEmpty]) = (_firstEmpty, slot);
    }

    private void TakeOutOfRing(int slot)
    {
        var (next, previous) = (_nextEmpty[slot], _previousEmpty[slot]);
        if (next == slot)
        {
            _firstEmpty = NoParent;
            return;
        }

        _nextEmpty[previous] = next;
        _previousEmpty[next] = previous;
        if (_firstEmpty == slot) _firstEmpty = next;
    }
}
