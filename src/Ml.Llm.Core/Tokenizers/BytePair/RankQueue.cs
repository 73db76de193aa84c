using System.Buffers;

namespace Ml.Llm.Tokenization;

/// <summary>Places where a pair may merge: the lowest rank first, the leftmost of equals. A heap with four children a node.</summary>
/// <remarks>An entry is one number, the rank above the position, so that ten million of them take 80 MB.</remarks>
/// <threadsafety>Belongs to one call.</threadsafety>
internal struct RankQueue : IDisposable
{
    private const int Children = 4;

    private long[] _entries;
    private int _count;

    /// <summary>Makes an empty queue.</summary>
    /// <param name="capacity">How many entries are expected; more may come.</param>
    public RankQueue(int capacity) => _entries = ArrayPool<long>.Shared.Rent(Math.Max(capacity, 16));

    /// <summary>The rank of an entry.</summary>
    public static int RankOf(long entry) => (int)(entry >> 32);

    /// <summary>The position of an entry.</summary>
    public static int PositionOf(long entry) => (int)(uint)entry;

    /// <summary>Adds an entry.</summary>
    public void Add(int rank, int position) => Add(((long)rank << 32) | (uint)position);

    /// <summary>Adds an entry that was taken before.</summary>
    public void Add(long entry)
    {
        if (_count == _entries.Length) Grow();
        var at = _count++;
        while (at > 0)
        {
            var parent = (at - 1) / Children;
            if (_entries[parent] <= entry) break;
            _entries[at] = _entries[parent];
            at = parent;
        }

        _entries[at] = entry;
    }

    /// <summary>Takes the first entry out.</summary>
    public bool TryTake(out long entry)
    {
        entry = 0;
        if (_count == 0) return false;
        entry = _entries[0];
        var last = _entries[--_count];
        var at = 0;
        while (true)
        {
            var first = (at * Children) + 1;
            if (first >= _count) break;
            var least = first;
            for (var child = first + 1; child < Math.Min(first + Children, _count); child++)
            {
                if (_entries[child] < _entries[least]) least = child;
            }

            if (_entries[least] >= last) break;
            _entries[at] = _entries[least];
            at = least;
        }

        if (_count > 0) _entries[at] = last;
        return true;
    }

    /// <summary>Gives the rented array back.</summary>
    public void Dispose()
    {
        ArrayPool<long>.Shared.Return(_entries);
        _entries = [];
    }

    private void Grow()
    {
        var larger = ArrayPool<long>.Shared.Rent(checked(2 * _entries.Length));
        _entries.AsSpan(0, _count).CopyTo(larger);
        ArrayPool<long>.Shared.Return(_entries);
        _entries = larger;
    }
}
