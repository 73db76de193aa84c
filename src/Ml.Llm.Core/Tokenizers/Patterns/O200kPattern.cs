namespace Ml.Llm.Tokenization;

/// <summary>
/// The pattern of o200k_base, matched by hand on code points; GPT-OSS and Llama 4 have it too. With H for
/// <c>[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]</c>, T for <c>[\p{Ll}\p{Lm}\p{Lo}\p{M}]</c> and C for the contractions it is
/// <c>[^\r\n\p{L}\p{N}]?H*T+C?|[^\r\n\p{L}\p{N}]?H+T*C?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+</c>.
/// </summary>
/// <remarks>
/// <para>A match begins at each position, so that the matches cover the text.</para>
/// <para>
/// H and T share modifier and other letters and marks. H*T+ takes the longest run of H that leaves something of T: where T
/// follows the run it goes on through T, else it ends behind the last of the run that is also T. Without any such place H+T*
/// takes the whole run of H.
/// </para>
/// </remarks>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class O200kPattern : ITextPattern
{
    /// <summary>The pattern's text.</summary>
    public const string Text =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        + @"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        + @"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const int MostNumbers = 3;

    public static O200kPattern Instance { get; } = new();

    public bool Next(ReadOnlySpan<char> text, int from, out int start, out int end)
    {
        start = from;
        end = from < text.Length ? EndOfMatch(text, from) : from;
        return from < text.Length;
    }

    private static int EndOfMatch(ReadOnlySpan<char> text, int start)
    {
        var kind = CharacterKinds.At(text, start, out var length);
        var next = start + length;
        if (kind.IsAny(CharacterKind.Number)) return WordPatternParts.EndOfNumbers(text, next, MostNumbers);

        if (EndOfWord(text, start, next, kind) is var word and > 0) return word + WordPatternParts.ContractionLength(text, word);
        if (!kind.IsAny(CharacterKind.Space)) return EndOfOthers(text, next);
        return text[start] == ' ' && next < text.Length && (CharacterKinds.At(text, next, out length) & CharacterKind.Main) == CharacterKind.Other
            ? EndOfOthers(text, next + length)
            : WordPatternParts.EndOfSpace(text, start, wholeAtEnd: false);
    }

    /// <summary>The end of a word with or without one other character before it; 0 where there is none.</summary>
    private static int EndOfWord(ReadOnlySpan<char> text, int start, int next, CharacterKind kind)
    {
        // A mark can be the character before the word or its first: the former is tried first.
        var canPrecede = !kind.IsAny(CharacterKind.Letter | CharacterKind.LineEnd);
        var heads = 0;
        if (canPrecede && EndWithTail(text, next, out heads) is var preceded and > 0) return preceded;
        var isWord = kind.IsAny(CharacterKind.Head | CharacterKind.Tail);
        if (!isWord) return heads > next ? heads : 0;
        if (EndWithTail(text, start, out var ownHeads) is var own and > 0) return own;
        return canPrecede && heads > next ? heads : ownHeads;
    }

    /// <summary>The end of H*T+ at a position, or 0; and the end of the run of H there.</summary>
    private static int EndWithTail(ReadOnlySpan<char> text, int position, out int heads)
    {
        var lastTail = 0;
        while (position < text.Length)
        {
            var kind = CharacterKinds.At(text, position, out var length);
            if (!kind.IsAny(CharacterKind.Head))
            {
                heads = position;
                return !kind.IsAny(CharacterKind.Tail) ? lastTail : CharacterKinds.EndOfRun(text, position + length, CharacterKind.Tail);
            }

            position += length;
            if (kind.IsAny(CharacterKind.Tail)) lastTail = position;
        }

        heads = position;
        return lastTail;
    }

    private static int EndOfOthers(ReadOnlySpan<char> text, int position)
    {
        position = CharacterKinds.EndOfOthers(text, position);
        while (position < text.Length && text[position] is '\r' or '\n' or '/') position++;
        return position;
    }
}
