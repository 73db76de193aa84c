namespace Ml.Llm.Tokenization;

/// <summary>
/// The tokens of words met before. Once a generation of words is full the next one begins, and takes over from the one before
/// what is asked for again: so the memory is bounded, and what is used stays.
/// </summary>
/// <threadsafety>Safe for any number of threads.</threadsafety>
internal sealed class WordCache
{
    /// <summary>Longer words are rare and not kept.</summary>
    public const int LongestWord = 48;

    private readonly Lock _adding = new();
    private WordGeneration? _newest;
    private WordGeneration? _older;

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
        ids = default;
        if (Volatile.Read(ref _newest) is not { } newest) return false;
        if (newest.TryFind(word, out ids)) return true;
        if (Volatile.Read(ref _older) is not { } older || !older.TryFind(word, out ids)) return false;
        Add(word, ids);
        return true;
    }

    /// <summary>Keeps a word and its tokens.</summary>
    /// <param name="word">The word, of 1 to <see cref="LongestWord"/> units.</param>
    /// <param name="ids">Its ids.</param>
    public void Add(ReadOnlySpan<char> word, ReadOnlySpan<int> ids)
    {
        lock (_adding)
        {
            if (_newest is null) Volatile.Write(ref _newest, new WordGeneration());
            // Another thread may have met it in the meantime.
            if (_newest.TryFind(word, out _) || _newest.Add(word, ids)) return;
            Volatile.Write(ref _older, _newest);
            Volatile.Write(ref _newest, new WordGeneration());
            _newest.Add(word, ids);
        }
    }
}
