namespace Ml.Llm.Tokenization;

/// <summary>
/// A queue of pairs, the most frequent first, of equally frequent ones that with the smaller symbols: a heap of four
/// branches. What is in it may be stale; who takes it out compares it with the pair's count.
/// </summary>
/// <threadsafety>Belongs to one call.</threadsafety>
internal sealed class PairQueue
{
    private const int Branches = 4;

    private (long Count, ulong Key)[] _items = new (long, ulong)[1 << 10];
    private int _length;

    /// <summary>Puts a pair in.</summary>
    public void Push(long count, ulong key)
    {
        if (_length == _items.Length) Array.Resize(ref _items, checked(2 * _length));
        var items = _items;
        var item = (count, key);
        var at = _length++;
        while (at > 0)
        {
            var above = (at - 1) / Branches;
            if (!IsBefore(item, items[above])) break;
            items[at] = items[above];
            at = above;
        }

        items[at] = item;
    }

    /// <summary>Takes the first pair out, if there is one.</summary>
    public bool TryPop(out long count, out ulong key)
    {
        if (_length == 0)
        {
            (count, key) = (0, 0);
            return false;
        }

        var items = _items;
        (count, key) = items[0];
        var item = items[--_length];
        var at = 0;
        while (true)
        {
            var first = (Branches * at) + 1;
            if (first >= _length) break;
            var best = first;
            var end = Math.Min(first + Branches, _length);
            for (var below = first + 1; below < end; below++)
            {
                if (IsBefore(items[below], items[best])) best = below;
            }

            if (!IsBefore(items[best], item)) break;
            items[at] = items[best];
            at = best;
        }

        items[at] = item;
        return true;
    }

    private static bool IsBefore((long Count, ulong Key) a, (long Count, ulong Key) b) =>
        a.Count > b.Count || (a.Count == b.Count && a.Key < b.Key);
}
