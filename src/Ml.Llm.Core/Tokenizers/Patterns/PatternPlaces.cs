namespace Ml.Llm.Tokenization;

/// <summary>Says whether a position of a text is a place that a pattern asks for.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class PatternPlaces
{
    private static readonly CodePointClass s_word = new(PatternProperties.WordAlone, withBitmap: true);

    public static bool IsAt(PatternPlace place, ReadOnlySpan<char> text, int position) => place switch
    {
        PatternPlace.LineStart => position == 0 || (position < text.Length && text[position - 1] == '\n'),
        PatternPlace.LineEnd => position == text.Length || text[position] == '\n',
        PatternPlace.TextStart => position == 0,
        PatternPlace.TextEnd => position == text.Length,
        PatternPlace.TextEndOrLastLineFeed => position == text.Length || (position == text.Length - 1 && text[position] == '\n'),
        PatternPlace.WordBoundary => IsWordBoundary(text, position),
        PatternPlace.NoWordBoundary => !IsWordBoundary(text, position),
        _ => throw new ArgumentOutOfRangeException(nameof(place), place, "There is no such place."),
    };

    private static bool IsWordBoundary(ReadOnlySpan<char> text, int position)
    {
        var before = position > 0 && s_word.MatchesBefore(text, position);
        var after = position < text.Length && s_word.Matches(text, position, out _);
        return before != after;
    }
}
