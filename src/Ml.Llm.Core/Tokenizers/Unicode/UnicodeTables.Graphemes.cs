namespace Ml.Llm.Tokenization;

/// <summary>Extended grapheme clusters, which are what a reader sees as one character (Unicode Standard Annex 29).</summary>
internal static partial class UnicodeTables
{
    /// <summary>Grapheme_Cluster_Break, with Extended_Pictographic as a value of its own; in the order of the tables.</summary>
    private enum GraphemeBreak
    {
        Other,
        CarriageReturn,
        LineFeed,
        Control,
        Extend,
        ZeroWidthJoiner,
        RegionalIndicator,
        Prepend,
        SpacingMark,
        Lead,
        Vowel,
        Tail,
        LeadVowel,
        LeadVowelTail,
        Pictographic,
    }

    /// <summary>Property Extended_Pictographic.</summary>
    public static bool IsPictographic(int codePoint) => BreakOf(codePoint) == GraphemeBreak.Pictographic;

    /// <summary>The end of the grapheme cluster that begins at a position; the text's length where the position is.</summary>
    public static int GraphemeEnd(ReadOnlySpan<char> text, int at)
    {
        if (at >= text.Length) return text.Length;
        if (text[at] < 0x80 && (at + 1 == text.Length || text[at + 1] < 0x80))
            return text[at] == '\r' && at + 1 < text.Length && text[at + 1] == '\n' ? at + 2 : at + 1;

        var last = BreakOf(CodePoints.At(text, at, out var length));
        var position = at + length;
        // A pictograph is joined to the next across marks and one joiner; regional indicators go in pairs.
        var pictograph = last == GraphemeBreak.Pictographic;
        var pairOpen = last == GraphemeBreak.RegionalIndicator;
        while (position < text.Length)
        {
            var next = BreakOf(CodePoints.At(text, position, out length));
            var joined = (last, next) switch
            {
                (GraphemeBreak.CarriageReturn, GraphemeBreak.LineFeed) => true,
                (GraphemeBreak.CarriageReturn or GraphemeBreak.LineFeed or GraphemeBreak.Control, _) => false,
                (_, GraphemeBreak.CarriageReturn or GraphemeBreak.LineFeed or GraphemeBreak.Control) => false,
                (_, GraphemeBreak.Extend or GraphemeBreak.ZeroWidthJoiner or GraphemeBreak.SpacingMark) => true,
                (GraphemeBreak.Prepend, _) => true,
                (GraphemeBreak.Lead, GraphemeBreak.Lead or GraphemeBreak.Vowel or GraphemeBreak.LeadVowel or GraphemeBreak.LeadVowelTail) => true,
                (GraphemeBreak.LeadVowel or GraphemeBreak.Vowel, GraphemeBreak.Vowel or GraphemeBreak.Tail) => true,
                (GraphemeBreak.LeadVowelTail or GraphemeBreak.Tail, GraphemeBreak.Tail) => true,
                (GraphemeBreak.ZeroWidthJoiner, GraphemeBreak.Pictographic) => pictograph,
                (GraphemeBreak.RegionalIndicator, GraphemeBreak.RegionalIndicator) => pairOpen,
                _ => false,
            };
            if (!joined) break;

            pairOpen = next == GraphemeBreak.RegionalIndicator && !pairOpen;
            pictograph = next == GraphemeBreak.Pictographic
                || (pictograph && last != GraphemeBreak.ZeroWidthJoiner && next is GraphemeBreak.Extend or GraphemeBreak.ZeroWidthJoiner);
            last = next;
            position += length;
        }

        return position;
    }

    private static GraphemeBreak BreakOf(int codePoint) => (GraphemeBreak)(s_properties[codePoint] >> BreakShift & 15);
}
