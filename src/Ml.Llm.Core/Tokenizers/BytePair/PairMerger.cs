using System.Buffers;

namespace Ml.Llm.Tokenization;

/// <summary>
/// Applies merges to the symbols of one word: the pair of lowest rank first, the leftmost of equals, until none is left.
/// </summary>
/// <remarks>
/// A short word is scanned for its best pair again after each merge; a long one goes through a linked list and a queue,
/// so that a word of n symbols takes n log n steps. Both give the same symbols.
/// </remarks>
/// <threadsafety>Pure functions.</threadsafety>
internal static class PairMerger
{
    /// <summary>Words up to this many symbols are scanned.</summary>
    internal const int ScanLimit = 64;

    /// <summary>Merges in place.</summary>
    /// <param name="merges">The merges.</param>
    /// <param name="ids">The symbols; the result is at the front.</param>
    /// <param name="ends">The end of each symbol in bytes of the word, kept with it.</param>
    /// <returns>How many symbols are left.</returns>
    public static int Merge(MergeTable merges, Span<int> ids, Span<int> ends) =>
        ids.Length <= ScanLimit ? MergeByScan(merges, ids, ends) : MergeByQueue(merges, ids, ends);

    internal static int MergeByScan(MergeTable merges, Span<int> ids, Span<int> ends)
    {
        var count = ids.Length;
        if (count < 2) return count;

        // ranks[i] is the rank of symbols i and i + 1.
        Span<int> ranks = count <= ScanLimit ? stackalloc int[ScanLimit] : new int[count];
        for (var i = 0; i + 1 < count; i++) ranks[i] = merges.RankOf(ids[i], ids[i + 1], out _);
        while (count > 1)
        {
            var best = 0;
            for (var i = 1; i + 1 < count; i++)
                if (ranks[i] < ranks[best])
                    best = i;
            if (ranks[best] == int.MaxValue) break;

            merges.RankOf(ids[best], ids[best + 1], out var merged);
            ids[best] = merged;
            ends[best] = ends[best + 1];
            ids[(best + 2)..count].CopyTo(ids[(best + 1)..]);
            ends[(best + 2)..count].CopyTo(ends[(best + 1)..]);
            ranks[(best + 1)..(count - 1)].CopyTo(ranks[best..]);
            count--;
            if (best > 0) ranks[best - 1] = merges.RankOf(ids[best - 1], merged, out _);
            if (best + 1 < count) ranks[best] = merges.RankOf(merged, ids[best + 1], out _);
        }

        return count;
    }

    internal static int MergeByQueue(MergeTable merges, Span<int> ids, Span<int> ends)
    {
        var count = ids.Length;
        var next = ArrayPool<int>.Shared.Rent(count);
        var previous = ArrayPool<int>.Shared.Rent(count);
        try
        {
            var found = new List<(int Position, long Priority)>();
            for (var i = 0; i < count; i++)
            {
                next[i] = i + 1;
                previous[i] = i - 1;
                if (i + 1 < count && merges.RankOf(ids[i], ids[i + 1], out _) is var rank and < int.MaxValue)
                    found.Add((i, PriorityOf(rank, i)));
            }

            var queue = new PriorityQueue<int, long>(found);
            while (queue.TryDequeue(out var position, out var priority))
            {
                // A symbol that was merged away has itself as its next; one that has changed has another rank.
                var right = next[position];
                if (right == position || right >= count) continue;
                var rank = merges.RankOf(ids[position], ids[right], out var merged);
                if (rank == int.MaxValue || PriorityOf(rank, position) != priority) continue;

                ids[position] = merged;
                ends[position] = ends[right];
                var after = next[right];
                next[position] = after;
                next[right] = right;
                if (after < count)
                {
                    previous[after] = position;
                    Offer(position, after, ids);
                }

                if (previous[position] >= 0) Offer(previous[position], position, ids);
            }

            void Offer(int left, int right, Span<int> symbols)
            {
                var rank = merges.RankOf(symbols[left], symbols[right], out _);
                if (rank < int.MaxValue) queue.Enqueue(left, PriorityOf(rank, left));
            }

            var kept = 0;
            for (var i = 0; i < count; i = next[i], kept++) (ids[kept], ends[kept]) = (ids[i], ends[i]);
            return kept;
        }
        finally
        {
            ArrayPool<int>.Shared.Return(next);
            ArrayPool<int>.Shared.Return(previous);
        }
    }

    private static long PriorityOf(int rank, int position) => ((long)rank << 32) | (uint)position;
}
