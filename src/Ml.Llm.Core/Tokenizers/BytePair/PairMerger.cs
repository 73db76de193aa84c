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

    internal static int MergeByQueue(MergeTable merges, Span<int> ids, Span<int> ends) => MergeByQueue(merges, ids, ends, 0, default);

    /// <summary>Merges in place; a merge whose turn has come is passed over with a given probability, until another one was looked at.</summary>
    internal static int MergeByQueue(MergeTable merges, Span<int> ids, Span<int> ends, float dropout, SeededRandom random)
    {
        var symbols = new LinkedSymbols(ids, ends);
        var queue = new RankQueue(ids.Length);
        List<long>? passedOver = dropout > 0 ? [] : null;
        try
        {
            for (var i = 0; i + 1 < ids.Length; i++) Offer(merges, ids, i, i + 1, ref queue);
            while (queue.TryTake(out var entry))
            {
                if (passedOver is not null)
                {
                    if (random.NextDouble() < dropout)
                    {
                        passedOver.Add(entry);
                        continue;
                    }

                    foreach (var earlier in passedOver) queue.Add(earlier);
                    passedOver.Clear();
                }

                var position = RankQueue.PositionOf(entry);
                var right = symbols.After(position);
                if (right < 0) continue;

                // Symbols may have changed since the entry was made; then the pair has another rank.
                var rank = merges.RankOf(ids[position], ids[right], out var merged);
                if (rank != RankQueue.RankOf(entry)) continue;

                symbols.Merge(position, right, merged);
                if (symbols.After(position) is var after and >= 0) Offer(merges, ids, position, after, ref queue);
                if (symbols.Before(position) is var before and >= 0) Offer(merges, ids, before, position, ref queue);
            }

            return symbols.Pack();
        }
        finally
        {
            queue.Dispose();
            symbols.Dispose();
        }
    }

    private static void Offer(MergeTable merges, Span<int> ids, int left, int right, ref RankQueue queue)
    {
        var rank = merges.RankOf(ids[left], ids[right], out _);
        if (rank < int.MaxValue) queue.Add(rank, left);
    }
}
