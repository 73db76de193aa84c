using System.Buffers;
using System.Text;

namespace Ml.Llm.Tokenization;

/// <summary>A stretch of text: an added token, or text for the other parts.</summary>
/// <param name="Start">Its first UTF-16 unit.</param>
/// <param name="End">The unit after it.</param>
/// <param name="Id">The added token's id, or -1 for text.</param>
internal readonly record struct TextSegment(int Start, int End, int Id);

/// <summary>Finds added tokens in text: the leftmost, of those that begin there the longest. Linear in the text.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class AddedTokenMatcher
{
    private readonly AddedToken[] _tokens;
    private readonly int[] _lengths;
    private readonly TokenAutomaton _automaton;
    private readonly bool _hasPlainTokens;

    /// <summary>Makes a matcher of some tokens, each with the text that it is found by; an empty text is never found.</summary>
    public AddedTokenMatcher(IEnumerable<(AddedToken Token, string Text)> tokens)
    {
        var found = tokens.Where(static item => item.Text.Length > 0).OrderBy(static item => item.Token.Id).ToList();
        _tokens = found.Select(static item => item.Token).ToArray();
        _lengths = found.Select(static item => item.Text.Length).ToArray();
        _automaton = new TokenAutomaton(found.Select(static item => item.Text).ToList());
        _hasPlainTokens = _tokens.Any(static token => !token.Special);
    }

    /// <summary>Whether a text need be searched.</summary>
    /// <param name="parseSpecialTokens">Whether special tokens are looked for, or others only.</param>
    public bool MayFind(bool parseSpecialTokens) => parseSpecialTokens ? _tokens.Length > 0 : _hasPlainTokens;

    /// <summary>Adds the segments of a text to a list.</summary>
    /// <param name="text">The text.</param>
    /// <param name="parseSpecialTokens">Whether special tokens are cut out; the text of one is taken from others all the same.</param>
    /// <param name="places">An empty list for places on the way.</param>
    /// <param name="segments">The list.</param>
    public void Split(ReadOnlySpan<char> text, bool parseSpecialTokens, List<(int Start, int Index)> places, List<TextSegment> segments)
    {
        _automaton.Find(text, places);
        var taken = 0;       // where the last segment ended
        var position = 0;    // where the search goes on
        for (var i = places.Count - 1; i >= 0; i--)
        {
            var (start, index) = places[i];
            if (start < position) continue;

            // Whatever becomes of the match, the search goes on behind it.
            var token = _tokens[index];
            var end = start + _lengths[index];
            position = end;
            if (token.Special && !parseSpecialTokens) continue;
            if (token.SingleWord && (EndsWithWord(text[..start]) || StartsWithWord(text[end..]))) continue;
            if (token.StripsLeft && taken < start) start = taken + text[taken..start].TrimEnd().Length;
            if (token.StripsRight) end = text.Length - text[end..].TrimStart().Length;

            if (taken < start) segments.Add(new TextSegment(taken, start, -1));
            segments.Add(new TextSegment(start, end, token.Id));
            taken = end;
        }

        if (taken < text.Length) segments.Add(new TextSegment(taken, text.Length, -1));
        places.Clear();
    }

    private static bool EndsWithWord(ReadOnlySpan<char> text) =>
        Rune.DecodeLastFromUtf16(text, out var rune, out _) == OperationStatus.Done && UnicodeTables.IsWordOrJoiner(rune.Value);

    private static bool StartsWithWord(ReadOnlySpan<char> text) =>
        Rune.DecodeFromUtf16(text, out var rune, out _) == OperationStatus.Done && UnicodeTables.IsWordOrJoiner(rune.Value);
}
