namespace Ml.Llm.Tokenization;

/// <summary>Merges with dropout: a merge whose turn has come is passed over with a given probability, until another one was done.</summary>
/// <remarks>
/// Provilkov, Emelianenko, Voita: BPE-Dropout, ACL 2020. Each word draws from a generator of its own, seeded by the number of the
/// word, so that threads share nothing but that number: one thread always gives the same tokens, several give the same ones as
/// far as they take the words in the same order.
/// </remarks>
/// <threadsafety>Safe for any number of threads.</threadsafety>
internal sealed class MergeDropout(float probability, ulong seed)
{
    private long _words;

    /// <summary>Merges in place, as <see cref="PairMerger.Merge"/> does.</summary>
    public int Merge(MergeTable merges, Span<int> ids, Span<int> ends) =>
        PairMerger.MergeByQueue(merges, ids, ends, probability, new SeededRandom(seed, (ulong)Interlocked.Increment(ref _words)));
}
