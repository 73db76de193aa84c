namespace Ml.Llm.Tokenization;

/// <summary>Splits at the matches of a pattern, or with <paramref name="invert"/> at what lies between them.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class SplitPreTokenizer(GivenPattern pattern, SplitBehavior behavior, bool invert) : IPreTokenizer
{
    public void Split(AlignedText text, PieceList pieces) => PatternSplit.Split(text, pieces, pattern.Pattern, behavior, invert);

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "Split");
        pattern.WriteTo(output);
        output.Text("behavior", behavior.ToString());
        output.Truth("invert", invert);
        output.EndObject();
    }
}

/// <summary>Splits at a character, which vanishes.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class CharDelimiterSplitPreTokenizer(string delimiter) : IPreTokenizer
{
    private readonly LiteralPattern _pattern = new(delimiter);

    public void Split(AlignedText text, PieceList pieces) => PatternSplit.Split(text, pieces, _pattern, SplitBehavior.Removed, invert: false);

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "CharDelimiterSplit");
        output.Text("delimiter", delimiter);
        output.EndObject();
    }
}

/// <summary>Splitting at the matches of a pattern.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class PatternSplit
{
    /// <summary>Splits each piece by itself: the pattern does not see what lies around it.</summary>
    public static void Split(AlignedText text, PieceList pieces, ITextPattern pattern, SplitBehavior behavior, bool invert)
    {
        var units = text.Units;
        var builder = new PieceBuilder(behavior, pieces);
        foreach (var (start, end) in pieces.TakeAll())
        {
            var matches = new PatternMatches(pattern, units[start..end]);
            var begin = start;
            while (matches.Next(out var first, out var last))
            {
                if (begin < start + first) builder.Add(begin, start + first, invert);
                begin = start + last;
                builder.Add(start + first, begin, !invert);
            }

            if (begin < end) builder.Add(begin, end, invert);
            builder.End();
        }
    }
}
