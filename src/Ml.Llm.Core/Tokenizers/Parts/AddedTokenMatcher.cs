using System.Buffers;
using System.Text;

namespace Ml.Llm.Tokenization;

/// <summary>A stretch of text: an added token, or text for the other parts.</summary>
/// <param name="Start">Its first UTF-16 unit.</param>
/// <param name="End">The unit after it.</param>
/// <param name="Id">The added token's id, or -1 for text.</param>
internal readonly record struct TextSegment(int Start, int End, int Id);

/// <summary>Finds added tokens in text: the leftmost, of those that begin there the longest.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class AddedTokenMatcher
{
    private readonly Dictionary<char, AddedToken[]> _byFirst;
    private readonly SearchValues<char> _firsts;

    /// <summary>Makes a matcher of some tokens; an empty content is never found.</summary>
    public AddedTokenMatcher(IEnumerable<AddedToken> tokens)
    {
        _byFirst = tokens.Where(token => token.Content.Length > 0)
            .GroupBy(token => token.Content[0])
            .ToDictionary(group => group.Key, group => group.OrderByDescending(token => token.Content.Length).ToArray());
        _firsts = SearchValues.Create(_byFirst.Keys.ToArray());
        HasPlainTokens = _byFirst.Values.Any(group => group.Any(token => !token.Special));
    }

    /// <summary>Whether there is nothing to find.</summary>
    public bool IsEmpty => _byFirst.Count == 0;

    /// <summary>Whether some tokens are found even where special ones count as text.</summary>
    public bool HasPlainTokens { get; }

    /// <summary>Adds the segments of <c>text[from..to]</c> to a list.</summary>
    public void Split(ReadOnlySpan<char> text, int from, int to, bool parseSpecialTokens, List<TextSegment> segments)
    {
        var range = text[from..to];
        var taken = 0;       // where the last segment ended
        var position = 0;    // where the search goes on
        while (position < range.Length)
        {
            var offset = range[position..].IndexOfAny(_firsts);
            if (offset < 0) break;
            position += offset;
            if (LongestAt(range, position) is not { } token)
            {
                position++;
                continue;
            }

            // Whatever becomes of the match, the search goes on behind it.
            var (start, end) = (position, position + token.Content.Length);
            position = end;
            if (token.Special && !parseSpecialTokens) continue;
            if (token.SingleWord && (EndsWithWord(range[..start]) || StartsWithWord(range[end..]))) continue;
            if (token.StripsLeft) start = Math.Max(taken, range[..start].TrimEnd().Length);
            if (token.StripsRight) end = range.Length - range[end..].TrimStart().Length;

            if (taken < start) segments.Add(new TextSegment(from + taken, from + start, -1));
            segments.Add(new TextSegment(from + start, from + end, token.Id));
            taken = end;
        }

        if (taken < range.Length) segments.Add(new TextSegment(from + taken, to, -1));
    }

    private AddedToken? LongestAt(ReadOnlySpan<char> text, int position)
    {
        foreach (var token in _byFirst[text[position]])
            if (text[position..].StartsWith(token.Content, StringComparison.Ordinal))
                return token;
        return null;
    }

    private static bool EndsWithWord(ReadOnlySpan<char> text) =>
        Rune.DecodeLastFromUtf16(text, out var rune, out _) == OperationStatus.Done && UnicodeTables.IsWordOrJoiner(rune.Value);

    private static bool StartsWithWord(ReadOnlySpan<char> text) =>
        Rune.DecodeFromUtf16(text, out var rune, out _) == OperationStatus.Done && UnicodeTables.IsWordOrJoiner(rune.Value);
}
