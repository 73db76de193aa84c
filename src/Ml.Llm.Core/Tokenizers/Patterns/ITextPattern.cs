namespace Ml.Llm.Tokenization;

/// <summary>A pattern that finds its matches in a text, one after the other.</summary>
/// <threadsafety>Immutable; matching keeps what it needs to itself.</threadsafety>
internal interface ITextPattern
{
    /// <summary>Finds the first match that begins at or after a position; look-behind and ^ see what lies before it.</summary>
    /// <param name="text">The whole text.</param>
    /// <param name="from">Where to begin, from 0 to the text's length.</param>
    /// <param name="start">The first UTF-16 unit of the match.</param>
    /// <param name="end">The unit after its last; equal to <paramref name="start"/> where the pattern matches nothing at all.</param>
    /// <returns>Whether there is a match.</returns>
    /// <exception cref="PatternLimitException">The search takes more steps than its limit.</exception>
    bool Next(ReadOnlySpan<char> text, int from, out int start, out int end);
}
