namespace Ml.Llm.Tokenization;

/// <summary>Which pieces Metaspace puts its mark before.</summary>
internal enum PrependScheme
{
    /// <summary>The one at the very beginning of the text.</summary>
    First,

    /// <summary>None.</summary>
    Never,

    /// <summary>All.</summary>
    Always,
}

/// <summary>Turns spaces into a mark, puts it before pieces that do not begin with it, and splits before each mark.</summary>
/// <threadsafety>Immutable.</threadsafety>
/// <param name="replacement">The mark: one code point.</param>
/// <param name="scheme">Which pieces it is put before.</param>
/// <param name="split">Whether to split.</param>
internal sealed class MetaspacePreTokenizer(string replacement, PrependScheme scheme, bool split) : IPreTokenizer
{
    private readonly LiteralPattern _mark = new(replacement);

    public void Split(AlignedText text, PieceList pieces)
    {
        if (replacement.Length == 1) ReplaceInPlace(text, pieces);
        else ReplaceByPair(text, pieces);
        if (scheme != PrependScheme.Never) Prepend(text, pieces);
        if (split) PatternSplit.Split(text, pieces, _mark, SplitBehavior.MergedWithNext, invert: false);
    }

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "Metaspace");
        output.Text("replacement", replacement);
        output.Text("prepend_scheme", scheme switch
        {
            PrependScheme.First => "first",
            PrependScheme.Never => "never",
            _ => "always",
        });
        output.Truth("split", split);
        output.EndObject();
    }

    private void ReplaceInPlace(AlignedText text, PieceList pieces)
    {
        foreach (var (start, end) in pieces.Items) text.ReplaceableUnits[start..end].Replace(' ', replacement[0]);
    }

    private void ReplaceByPair(AlignedText text, PieceList pieces)
    {
        text.BeginRewrite();
        foreach (var (start, end) in pieces.TakeAll())
        {
            var begin = text.Written;
            for (var position = start; position < end; position++)
            {
                if (text.Units[position] == ' ') text.Put(replacement, position);
                else text.Keep(position, position + 1);
            }

            pieces.Add(begin, text.Written);
        }

        text.EndRewrite();
    }

    private void Prepend(AlignedText text, PieceList pieces)
    {
        var needed = false;
        foreach (var (start, end) in pieces.Items) needed |= Wants(text, start, end);
        if (!needed) return;

        text.BeginRewrite();
        foreach (var (start, end) in pieces.TakeAll())
        {
            var begin = text.Written;
            if (Wants(text, start, end)) text.Put(replacement, start);
            text.Keep(start, end);
            pieces.Add(begin, text.Written);
        }

        text.EndRewrite();
    }

    private bool Wants(AlignedText text, int start, int end) =>
        (scheme == PrependScheme.Always || text.StandsForFirst(start)) && !text.Units[start..end].StartsWith(replacement, StringComparison.Ordinal);
}
