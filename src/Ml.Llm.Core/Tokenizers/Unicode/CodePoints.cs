namespace Ml.Llm.Tokenization;

/// <summary>Code points in UTF-16 text; a surrogate without its other half counts as a code point.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class CodePoints
{
    public const int Largest = 0x10FFFF;

    /// <summary>The code point at a position inside a text, and how many units it takes.</summary>
    public static int At(ReadOnlySpan<char> text, int position, out int length)
    {
        var unit = text[position];
        if (char.IsHighSurrogate(unit) && position + 1 < text.Length && char.IsLowSurrogate(text[position + 1]))
        {
            length = 2;
            return char.ConvertToUtf32(unit, text[position + 1]);
        }

        length = 1;
        return unit;
    }

    /// <summary>The code point that ends before a position greater than 0, and how many units it takes.</summary>
    public static int Before(ReadOnlySpan<char> text, int position, out int length)
    {
        var unit = text[position - 1];
        if (char.IsLowSurrogate(unit) && position > 1 && char.IsHighSurrogate(text[position - 2]))
        {
            length = 2;
            return char.ConvertToUtf32(text[position - 2], unit);
        }

        length = 1;
        return unit;
    }
}
