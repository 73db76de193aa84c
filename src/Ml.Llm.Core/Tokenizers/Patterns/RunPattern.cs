namespace Ml.Llm.Tokenization;

/// <summary>
/// A pattern that is a run of code points of one set and nothing else, such as <c>\s+</c> or the <c> {2,}</c> that most
/// tokenizers made of SentencePiece's squeeze spaces by: found by looking along the text, without the engine.
/// </summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class RunPattern : ITextPattern
{
    private const int LongestLiteral = 64;

    private readonly CodePointClass _members;
    private readonly int _least;
    private readonly string? _literal;

    private RunPattern(CodePointSet set, int least)
    {
        (_members, _least) = (new CodePointClass(set, withBitmap: true), least);
        if (set.Single is >= 0 and < char.MaxValue and var only && !char.IsSurrogate((char)only) && least <= LongestLiteral)
            _literal = new string((char)only, least);
    }

    /// <summary>The matcher of a parsed pattern; null if it is anything else.</summary>
    public static RunPattern? Of(PatternNode pattern) =>
        pattern is RepeatNode { Body: SetNode { Set: var set }, Least: >= 1 and var least, Most: -1, Kind: not RepeatKind.Lazy } ? new RunPattern(set, least) : null;

    public bool Next(ReadOnlySpan<char> text, int from, out int start, out int end)
    {
        for (start = from; start < text.Length; start = end)
        {
            if (_literal is not null)
            {
                var offset = text[start..].IndexOf(_literal, StringComparison.Ordinal);
                if (offset < 0) break;
                start += offset;
            }

            var count = 0;
            for (end = start; end < text.Length && _members.Matches(text, end, out var length); end += length) count++;
            if (count >= _least) return true;
            if (end == start) end += char.IsHighSurrogate(text[start]) && start + 1 < text.Length && char.IsLowSurrogate(text[start + 1]) ? 2 : 1;
        }

        start = end = -1;
        return false;
    }
}
