namespace Ml.Llm.Tokenization;

/// <summary>What the patterns of cl100k_base and o200k_base have in common: contractions, numbers, other signs, white space.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class WordPatternParts
{
    /// <summary>The length of <c>(?i:'s|'t|'re|'ve|'m|'ll|'d)</c> at a position; 0 where there is none. U+017F is an s without case.</summary>
    public static int ContractionLength(ReadOnlySpan<char> text, int position)
    {
        if (position + 1 >= text.Length || text[position] != '\'') return 0;
        var first = text[position + 1];
        if (first is 's' or 'S' or '\u017F' or 't' or 'T' or 'm' or 'M' or 'd' or 'D') return 2;
        if (position + 2 >= text.Length) return 0;
        return (first, text[position + 2]) is ('r' or 'R', 'e' or 'E') or ('v' or 'V', 'e' or 'E') or ('l' or 'L', 'l' or 'L') ? 3 : 0;
    }

    /// <summary>The end of <c>\p{N}{1,most}</c> whose first number has been read.</summary>
    public static int EndOfNumbers(ReadOnlySpan<char> text, int position, int most)
    {
        for (var count = 1; count < most && position < text.Length; count++)
        {
            if (!CharacterKinds.At(text, position, out var length).IsAny(CharacterKind.Number)) break;
            position += length;
        }

        return position;
    }

    /// <summary>
    /// The end of <c>\s*[\r\n]+|\s+(?!\S)|\s+</c> at white space: the run up to its last line end; without any, the run, less
    /// its last character where a word follows.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="start">Where the white space begins.</param>
    /// <param name="wholeAtEnd">Whether a run that ends the text is taken whole, as by <c>\s++$</c> before the others.</param>
    public static int EndOfSpace(ReadOnlySpan<char> text, int start, bool wholeAtEnd)
    {
        // White space is of one unit each.
        var afterLineEnd = start;
        var end = start;
        while (end < text.Length)
        {
            var kind = CharacterKinds.At(text, end, out _);
            if (!kind.IsAny(CharacterKind.Space)) break;
            end++;
            if (kind.IsAny(CharacterKind.LineEnd)) afterLineEnd = end;
        }

        if (wholeAtEnd && end == text.Length) return end;
        if (afterLineEnd > start) return afterLineEnd;
        return end < text.Length && end - start > 1 ? end - 1 : end;
    }
}
