namespace Ml.Llm.Tokenization;

/// <summary>
/// The pattern of cl100k_base, matched by hand on code points:
/// <c>(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+</c>.
/// Llama 3 has it too, and Qwen 2 with single numbers.
/// </summary>
/// <remarks>A match begins at each position, so that the matches cover the text.</remarks>
/// <param name="mostNumbers">How many numbers make a piece.</param>
/// <param name="wholeAtEnd">Whether white space that ends the text is one piece, as in tiktoken's own spelling.</param>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class Cl100kPattern(int mostNumbers, bool wholeAtEnd = false) : ITextPattern
{
    /// <summary>The pattern's text in tokenizer files.</summary>
    public const string Text =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>The text of Qwen 2's variant.</summary>
    public const string Qwen2Text =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>tiktoken's spelling, in Rust's syntax.</summary>
    public const string TiktokenText =
        @"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s";

    public bool Next(ReadOnlySpan<char> text, int from, out int start, out int end)
    {
        start = from;
        end = from < text.Length ? EndOfMatch(text, from) : from;
        return from < text.Length;
    }

    private int EndOfMatch(ReadOnlySpan<char> text, int start)
    {
        if (WordPatternParts.ContractionLength(text, start) is var contraction and > 0) return start + contraction;

        var kind = CharacterKinds.At(text, start, out var length);
        var next = start + length;
        if (kind.IsAny(CharacterKind.Letter)) return CharacterKinds.EndOfRun(text, next, CharacterKind.Letter);
        if (kind.IsAny(CharacterKind.Number)) return WordPatternParts.EndOfNumbers(text, next, mostNumbers);

        var following = next < text.Length ? CharacterKinds.At(text, next, out length) : CharacterKind.Space;
        if (following.IsAny(CharacterKind.Letter) && !kind.IsAny(CharacterKind.LineEnd))
            return CharacterKinds.EndOfRun(text, next + length, CharacterKind.Letter);

        if (!kind.IsAny(CharacterKind.Space)) return EndOfOthers(text, next);
        return text[start] == ' ' && (following & CharacterKind.Main) == CharacterKind.Other
            ? EndOfOthers(text, next + length)
            : WordPatternParts.EndOfSpace(text, start, wholeAtEnd);
    }

    private static int EndOfOthers(ReadOnlySpan<char> text, int position) =>
        CharacterKinds.EndOfRun(text, CharacterKinds.EndOfOthers(text, position), CharacterKind.LineEnd);
}
