namespace Ml.Llm.Tokenization;

/// <summary>What a code point is to normalizers and pre-tokenizers.</summary>
[Flags]
internal enum CharacterFlags : byte
{
    None = 0,

    /// <summary>White space (the property White_Space).</summary>
    Space = 1,

    /// <summary>A character of a word: <c>\w</c>, the two joiners too.</summary>
    Word = 2,

    /// <summary>Punctuation: the categories P, and the symbols of ASCII.</summary>
    Punctuation = 4,

    /// <summary>A number: the categories N.</summary>
    Number = 8,

    /// <summary>An ideograph that BertNormalizer sets apart.</summary>
    Ideograph = 16,

    /// <summary>What BertNormalizer cleans away: NUL, U+FFFD, controls but tab and line ends, formats, private use.</summary>
    Control = 32,

    /// <summary>A mark of any kind: the categories M.</summary>
    Mark = 64,

    /// <summary>A mark without a width of its own: the category Mn.</summary>
    NonSpacingMark = 128,
}

/// <summary>Questions about flags.</summary>
internal static class CharacterFlagsExtensions
{
    /// <summary>Whether there is one of some flags.</summary>
    public static bool HasAny(this CharacterFlags flags, CharacterFlags some) => (flags & some) != CharacterFlags.None;
}

/// <summary>Looks up the flags of code points: a table for U+0000-U+FFFF, the Unicode tables beyond.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal static class CharacterTable
{
    private static readonly byte[] s_basicPlane = MakeTable();

    /// <summary>The flags of the units U+0000-U+FFFF, to be held in a local by hot loops; surrogates have none.</summary>
    public static ReadOnlySpan<byte> BasicPlane => s_basicPlane;

    /// <summary>The flags of a code point.</summary>
    public static CharacterFlags Of(int codePoint) =>
        (uint)codePoint < (uint)s_basicPlane.Length ? (CharacterFlags)s_basicPlane[codePoint] : Find(codePoint);

    /// <summary>The flags of the code point at a position of well-formed text, and how many units it has.</summary>
    public static CharacterFlags At(ReadOnlySpan<char> text, int position, out int length)
    {
        var unit = text[position];
        length = 1;
        if (!char.IsHighSurrogate(unit) || position + 1 >= text.Length) return (CharacterFlags)s_basicPlane[unit];
        length = 2;
        return Find(char.ConvertToUtf32(unit, text[position + 1]));
    }

    private static byte[] MakeTable()
    {
        var table = new byte[char.MaxValue + 1];
        for (var unit = 0; unit < table.Length; unit++)
        {
            if (!char.IsSurrogate((char)unit)) table[unit] = (byte)Find(unit);
        }

        return table;
    }

    private static CharacterFlags Find(int codePoint)
    {
        var flags = CharacterFlags.None;
        if (UnicodeTables.IsNumber(codePoint)) flags |= CharacterFlags.Number;
        if (UnicodeTables.IsNonSpacingMark(codePoint)) flags |= CharacterFlags.NonSpacingMark;
        if ((UnicodeTables.IsControl(codePoint) && codePoint is not ('\t' or '\n' or '\r')) || codePoint == 0xFFFD) flags |= CharacterFlags.Control;
        if (UnicodeTables.IsMark(codePoint)) flags |= CharacterFlags.Mark;
        if (UnicodeTables.IsPunctuation(codePoint) || (codePoint < 0x80 && char.IsSymbol((char)codePoint))) flags |= CharacterFlags.Punctuation;
        if (UnicodeTables.IsWhiteSpace(codePoint)) flags |= CharacterFlags.Space;
        if (UnicodeTables.IsWordOrJoiner(codePoint)) flags |= CharacterFlags.Word;
        if (IsIdeograph(codePoint)) flags |= CharacterFlags.Ideograph;
        return flags;
    }

    private static bool IsIdeograph(int codePoint) => codePoint is
        (>= 0x3400 and <= 0x4DBF) or (>= 0x4E00 and <= 0x9FFF) or (>= 0xF900 and <= 0xFAFF)
        or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2B73F) or (>= 0x2B740 and <= 0x2B81F)
        or (>= 0x2B920 and <= 0x2CEAF) or (>= 0x2F800 and <= 0x2FA1F);
}
