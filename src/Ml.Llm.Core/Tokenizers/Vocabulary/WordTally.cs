namespace Ml.Llm.Tokenization;

/// <summary>
/// What only the writer of a table of words counts, in an object of its own: beside what is read, each word added would take
/// that from other cores' caches.
/// </summary>
/// <threadsafety>Belongs to one thread at a time.</threadsafety>
internal sealed class WordTally
{
    /// <summary>The words that are in.</summary>
    public int Words { get; set; }

    /// <summary>The words for which there was no place.</summary>
    public int TurnedAway { get; set; }

    /// <summary>The integers that are taken.</summary>
    public int Used { get; set; }
}
