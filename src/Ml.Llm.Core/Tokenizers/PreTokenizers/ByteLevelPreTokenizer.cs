namespace Ml.Llm.Tokenization;

/// <summary>
/// Puts a space before a piece that has none (if asked to), splits by GPT-2's pattern (or not at all), and turns what is left
/// into the byte alphabet, unless that is left to the model.
/// </summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class ByteLevelPreTokenizer(ByteLevelOptions options, bool leavesBytes = false) : IPreTokenizer
{
    public ByteLevelOptions Options { get; } = options;

    public bool LeavesBytesToModel => true;

    public IPreTokenizer LeavingBytes() => new ByteLevelPreTokenizer(Options, leavesBytes: true);

    public void Split(AlignedText text, PieceList pieces)
    {
        if (Options.AddPrefixSpace) PutSpaces(text, pieces);
        if (Options.UseRegex) SplitByPattern(text, pieces);
        if (!leavesBytes) TurnIntoAlphabet(text, pieces);
    }

    public void WriteTo(JsonOutput output) => Options.WriteTo(output);

    private static void PutSpaces(AlignedText text, PieceList pieces)
    {
        var needed = false;
        foreach (var (start, _) in pieces.Items) needed |= text.Units[start] != ' ';
        if (!needed) return;

        text.BeginRewrite();
        foreach (var (start, end) in pieces.TakeAll())
        {
            var begin = text.Written;
            if (text.Units[start] != ' ') text.Put(' ', start);
            text.Keep(start, end);
            pieces.Add(begin, text.Written);
        }

        text.EndRewrite();
    }

    private static void SplitByPattern(AlignedText text, PieceList pieces)
    {
        var units = text.Units;
        foreach (var (start, end) in pieces.TakeAll())
        {
            var piece = units[start..end];
            for (var at = 0; at < piece.Length;)
            {
                var next = Gpt2Pattern.EndOfMatch(piece, at);
                pieces.Add(start + at, start + next);
                at = next;
            }
        }
    }

    private static void TurnIntoAlphabet(AlignedText text, PieceList pieces)
    {
        text.BeginRewrite();
        foreach (var (start, end) in pieces.TakeAll())
        {
            var begin = text.Written;
            ByteAlphabet.Write(text, start, end);
            pieces.Add(begin, text.Written);
        }

        text.EndRewrite();
    }
}
