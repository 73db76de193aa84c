using System.Buffers;

namespace Ml.Llm.Tokenization;

/// <summary>Text as models look it up: lone surrogates stand for U+FFFD, as in every conversion to UTF-8.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class WellFormedText
{
    private static readonly SearchValues<char> s_surrogates = SearchValues.Create(
        Enumerable.Range(0xD800, 0x800).Select(value => (char)value).ToArray());

    /// <summary>The text itself, or a copy of the same length without lone surrogates.</summary>
    public static ReadOnlySpan<char> Of(ReadOnlySpan<char> text)
    {
        var at = text.IndexOfAny(s_surrogates);
        if (at < 0) return text;

        char[]? copy = null;
        for (; at < text.Length; at++)
        {
            if (!char.IsSurrogate(text[at])) continue;
            if (at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]))
            {
                at++;
                continue;
            }

            copy ??= text.ToArray();
            copy[at] = '\uFFFD';
        }

        return copy ?? text;
    }
}
