using System.Globalization;

namespace Ml.Llm.Tokenization;

/// <summary>What a code point is to the patterns that split text: <c>\p{L}</c>, <c>\p{N}</c>, <c>\s</c> or anything else.</summary>
internal enum CharacterClass : byte
{
    Other,
    Letter,
    Number,
    Space,
}

/// <summary>Looks up the class of a code point in UTF-16 text: a table for U+0000-U+FFFF, the category beyond.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal static class CharacterClasses
{
    private static readonly CharacterClass[] s_basicPlane = MakeTable();

    /// <summary>The class of the code point at a position, and how many UTF-16 units it has. A lone surrogate is Other.</summary>
    public static CharacterClass At(ReadOnlySpan<char> text, int position, out int length)
    {
        var unit = text[position];
        length = 1;
        if (!char.IsHighSurrogate(unit) || position + 1 >= text.Length || !char.IsLowSurrogate(text[position + 1]))
            return s_basicPlane[unit];
        length = 2;
        return Of(CharUnicodeInfo.GetUnicodeCategory(char.ConvertToUtf32(unit, text[position + 1])));
    }

    /// <summary>Whether a code point is a word character (<c>\w</c>): alphabetic, mark, decimal digit, connector or joiner.</summary>
    public static bool IsWord(int codePoint) => CharUnicodeInfo.GetUnicodeCategory(codePoint) switch
    {
        <= UnicodeCategory.OtherLetter => true,
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark => true,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation => true,
        _ => codePoint is 0x200C or 0x200D or (>= 0x24B6 and <= 0x24E9)
            or (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189),
    };

    private static CharacterClass Of(UnicodeCategory category) => category switch
    {
        <= UnicodeCategory.OtherLetter => CharacterClass.Letter,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => CharacterClass.Number,
        _ => CharacterClass.Other,
    };

    private static CharacterClass[] MakeTable()
    {
        var table = new CharacterClass[char.MaxValue + 1];
        for (var unit = 0; unit < table.Length; unit++)
        {
            var character = (char)unit;
            table[unit] = char.IsWhiteSpace(character) ? CharacterClass.Space : Of(CharUnicodeInfo.GetUnicodeCategory(character));
        }

        return table;
    }
}
