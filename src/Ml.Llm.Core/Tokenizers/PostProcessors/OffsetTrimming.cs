namespace Ml.Llm.Tokenization;

/// <summary>Leading and trailing white space of byte-level tokens is cut off their offsets.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class OffsetTrimming
{
    private static readonly char s_space = ByteAlphabet.Characters[' '];

    /// <summary>Asks for trimming of all sequences.</summary>
    public static IReadOnlyList<PlanPiece[]> AddTo(IReadOnlyList<PlanPiece[]> groups, bool addPrefixSpace) =>
        groups.Select(group => group.Select((piece, i) => piece with { Trims = [.. piece.Trims, new OffsetTrim(addPrefixSpace, i == 0)] }).ToArray()).ToList();

    /// <summary>Trims the offsets of one token.</summary>
    /// <param name="trim">How.</param>
    /// <param name="token">The token as it is spelled.</param>
    /// <param name="index">Its index in its window.</param>
    /// <param name="start">Where it starts.</param>
    /// <param name="end">Where it ends.</param>
    public static void Apply(OffsetTrim trim, ReadOnlySpan<char> token, int index, ref int start, ref int end)
    {
        var leading = 0;
        while (leading < token.Length && IsSpace(token[leading])) leading++;
        var trailing = 0;
        while (trailing < token.Length && IsSpace(token[token.Length - 1 - trailing])) trailing++;
        if (leading == 0 && trailing == 0) return;

        // The one leading space of the first token may be the one that the pre-tokenizer put there.
        var keepsLeading = trim.AddPrefixSpace && leading == 1 && ((trim.FromFirst && index == 0) || start == 0);
        if (!keepsLeading) start = Math.Min(start + leading, end);
        // White space alone ends where it starts: the space put in may stand for a character of two units.
        if (trailing == token.Length) end = start;
        else if (end >= trailing) end = Math.Max(end - trailing, start);
    }

    private static bool IsSpace(char character) => character == s_space || char.IsWhiteSpace(character);
}
