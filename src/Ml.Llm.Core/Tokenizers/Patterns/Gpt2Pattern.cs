namespace Ml.Llm.Tokenization;

/// <summary>
/// GPT-2's pattern, matched by hand on code points:
/// <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>.
/// </summary>
/// <remarks>
/// Every code point is a letter, a number, white space or something else, so that a match begins at each position and the
/// matches cover the text. The one alternative that looks ahead is <c>\s+(?!\S)</c>: before a word it leaves the last
/// white space to what follows.
/// </remarks>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class Gpt2Pattern : ITextPattern
{
    /// <summary>The pattern's text.</summary>
    public const string Text = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    public static Gpt2Pattern Instance { get; } = new();

    public bool Next(ReadOnlySpan<char> text, int from, out int start, out int end)
    {
        start = from;
        end = from < text.Length ? EndOfMatch(text, from) : from;
        return from < text.Length;
    }

    /// <summary>The end of the match that begins at a position of a text.</summary>
    public static int EndOfMatch(ReadOnlySpan<char> text, int start)
    {
        var first = text[start];
        if (first == '\'' && ContractionLength(text[(start + 1)..]) is var contraction and > 0)
            return start + 1 + contraction;

        var kind = CharacterKinds.At(text, start, out var length) & CharacterKind.Main;
        if (first == ' ' && start + 1 < text.Length)
        {
            var following = CharacterKinds.At(text, start + 1, out var followingLength) & CharacterKind.Main;
            if (following != CharacterKind.Space)
            {
                kind = following;
                length = 1 + followingLength;
            }
        }

        var end = kind == CharacterKind.Other
            ? CharacterKinds.EndOfOthers(text, start + length)
            : CharacterKinds.EndOfRun(text, start + length, kind);
        var leavesLast = kind == CharacterKind.Space && end < text.Length && end - start > 1;
        return leavesLast ? end - 1 : end;
    }

    private static int ContractionLength(ReadOnlySpan<char> after)
    {
        if (after.IsEmpty) return 0;
        if (after[0] is 's' or 't' or 'm' or 'd') return 1;
        if (after.Length < 2) return 0;
        return (after[0], after[1]) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 2 : 0;
    }
}
