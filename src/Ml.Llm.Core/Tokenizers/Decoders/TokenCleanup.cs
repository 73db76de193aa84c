using System.Text;

namespace Ml.Llm.Tokenization;

/// <summary>Replacements that decoders share.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class TokenCleanup
{
    // In this order; each takes the space before it away.
    private static readonly (string From, string To)[] s_tidied =
    [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" do not", " don't"),
        (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ];

    /// <summary>Takes away the spaces that English has not: before punctuation and contractions.</summary>
    public static string Tidy(string text)
    {
        if (!text.Contains(' ')) return text;
        foreach (var (from, to) in s_tidied) text = text.Replace(from, to, StringComparison.Ordinal);
        return text;
    }

    /// <summary>Replaces a text by another; an empty one is found before each character and at the end.</summary>
    public static string Replace(string text, string from, string to)
    {
        if (from.Length > 0) return text.Replace(from, to, StringComparison.Ordinal);
        var result = new StringBuilder(to);
        foreach (var rune in text.EnumerateRunes()) result.Append(rune).Append(to);
        return result.ToString();
    }
}
