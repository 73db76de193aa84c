namespace Ml.Llm.Tokenization;

/// <summary>
/// GPT-2's pattern, matched by hand on code points:
/// <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>.
/// </summary>
/// <remarks>
/// Every code point is a letter, a number, white space or something else, so that a match begins at each position and the
/// matches cover the text. The one alternative that looks back is <c>\s+(?!\S)</c>: before a word it leaves the last
/// white space to what follows.
/// </remarks>
/// <threadsafety>Pure functions.</threadsafety>
internal static class Gpt2Pattern
{
    /// <summary>The end of the match that begins at a position of a text.</summary>
    public static int EndOfMatch(ReadOnlySpan<char> text, int start)
    {
        var first = text[start];
        if (first == '\'' && ContractionLength(text[(start + 1)..]) is var contraction and > 0)
            return start + 1 + contraction;

        var position = start;
        var kind = CharacterClasses.At(text, position, out var length);
        if (first == ' ' && start + 1 < text.Length)
        {
            var following = CharacterClasses.At(text, start + 1, out var followingLength);
            if (following != CharacterClass.Space)
            {
                kind = following;
                position = start + 1;
                length = followingLength;
            }
        }

        do
        {
            position += length;
        }
        while (position < text.Length && CharacterClasses.At(text, position, out length) == kind);

        var leavesLast = kind == CharacterClass.Space && position < text.Length && position - start > 1;
        return leavesLast ? position - 1 : position;
    }

    private static int ContractionLength(ReadOnlySpan<char> after)
    {
        if (after.IsEmpty) return 0;
        if (after[0] is 's' or 't' or 'm' or 'd') return 1;
        if (after.Length < 2) return 0;
        return (after[0], after[1]) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 2 : 0;
    }
}
