namespace Ml.Llm.Tokenization;

/// <summary>The order of texts by code points; UTF-16 units alone would put U+E000 to U+FFFF after what lies beyond them.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class CodePointOrder
{
    /// <summary>Compares two texts.</summary>
    public static int Compare(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        var common = left.CommonPrefixLength(right);
        return common == left.Length || common == right.Length
            ? left.Length.CompareTo(right.Length)
            : WeightOf(left[common]).CompareTo(WeightOf(right[common]));
    }

    /// <summary>A number that grows with the first four units; equal ones tell nothing.</summary>
    public static ulong KeyOf(ReadOnlySpan<char> text)
    {
        ulong key = 0;
        for (var i = 0; i < 4; i++) key = (key << 16) | (i < text.Length ? WeightOf(text[i]) : 0u);
        return key;
    }

    /// <summary>Puts the surrogates, which stand for code points from U+10000, above all other units.</summary>
    private static uint WeightOf(char unit) => unit switch
    {
        >= '\uE000' => unit - 0x800u,
        >= '\uD800' => unit + 0x2000u,
        _ => unit,
    };
}
