namespace Ml.Llm.Tokenization;

/// <summary>The tokens of words that came in one stretch of time: short words in a table of their own, and the others.</summary>
/// <remarks>The tables are made when they are needed, and grow; readers then find the new one, or the old one a little longer.</remarks>
/// <threadsafety>Safe for any number of readers and one writer.</threadsafety>
internal sealed class WordGeneration
{
    private ShortWords _shortWords = new();
    private LongWords? _longWords;

    /// <summary>Finds the ids of a word, if the word is here.</summary>
    /// <param name="word">The word.</param>
    /// <param name="ids">Gets the ids, which never change.</param>
    public bool TryFind(ReadOnlySpan<char> word, out ReadOnlySpan<int> ids)
    {
        ulong hash;
        ids = default;
        if (word.Length > ShortWords.LongestWord)
        {
            hash = LongWords.HashOf(word);
        }
        else if (Volatile.Read(ref _shortWords).TryFind(word, out hash, out ids))
        {
            return true;
        }

        return Volatile.Read(ref _longWords) is { } longWords && longWords.TryFind(word, (uint)hash, out ids);
    }

    /// <summary>Keeps a word that is not here, unless there is no place for it.</summary>
    /// <returns>Whether this generation goes on; false once it is full, or has turned many words away.</returns>
    public bool Add(ReadOnlySpan<char> word, ReadOnlySpan<int> ids)
    {
        // Fields are written only where they change: every thread reads them for every word.
        if (_shortWords.IsCrowded) Volatile.Write(ref _shortWords, _shortWords.Larger());
        if (_shortWords.TryAdd(word, ids)) return true;
        if (_longWords is null) Volatile.Write(ref _longWords, new LongWords());
        while (!_longWords.HasRoomFor(word, ids))
        {
            if (!_longWords.CanGrow) return false;
            Volatile.Write(ref _longWords, _longWords.Larger());
        }

        var hash = word.Length > ShortWords.LongestWord ? LongWords.HashOf(word) : ShortWords.HashOf(word);
        return _longWords.Add(word, (uint)hash, ids);
    }
}
