using System.Globalization;

namespace Ml.Llm.Tokenization;

/// <summary>
/// What the Unicode standard says of each code point, from tables of this assembly, so that tokens are the same with every
/// runtime and culture. Takes code points from 0 to 0x10FFFF; surrogates are code points of category Cs.
/// </summary>
/// <remarks>
/// Most questions are bits of one word a code point, found with two loads. tools/unicode-tables/generate.py makes the tables,
/// and tells how their versions were chosen.
/// </remarks>
/// <threadsafety>Immutable.</threadsafety>
internal static partial class UnicodeTables
{
    private const uint CategoryMask = 31;
    private const int CombiningShift = 5;
    private const int BreakShift = 13;
    private const int FormShift = 24;

    private static readonly TwoStageTable<uint> s_properties;
    private static readonly TwoStageTable<Part> s_parts;
    private static readonly TwoStageTable<UnicodeScript> s_scripts;
    private static readonly TwoStageTable<int> s_lower;
    private static readonly TwoStageTable<int> s_fold;

    // One constructor, since the tables follow one another in the file.
    static UnicodeTables()
    {
        var data = UnicodeData.Open();
        Version = data.Text();
        s_properties = data.Table(static value => (uint)value);
        s_parts = data.Table(static value => (Part)value);
        s_scripts = data.Table(static value => (UnicodeScript)value);
        s_lower = data.Table(static value => value, signed: true);
        s_fold = data.Table(static value => value, signed: true);
        s_decompositionOf = data.Table(static value => (ushort)value);
        (s_decompositionParts, s_canonicalStart, s_compatibleStart) = ReadDecompositions(data);
        (s_compositionKeys, s_compositionValues) = ReadCompositions(data);
    }

    [Flags]
    private enum Property : uint
    {
        WhiteSpace = 1 << 17,
        Alphabetic = 1 << 18,
        Uppercase = 1 << 19,
        Lowercase = 1 << 20,
        Word = 1 << 21,
        Ideographic = 1 << 22,
        Emoji = 1 << 23,
        InVersion9 = 1 << 28,
    }

    [Flags]
    private enum Part : byte
    {
        Punctuation = 1,
        NonSpacingMark = 2,
        Control = 4,
        Mark = 8,
        Number = 16,
    }

    /// <summary>The version of the Unicode standard.</summary>
    public static string Version { get; }

    /// <summary>The general category; OtherNotAssigned for code points without a character.</summary>
    public static UnicodeCategory CategoryOf(int codePoint) => (UnicodeCategory)(s_properties[codePoint] & CategoryMask);

    /// <summary>The script (property Script, not Script_Extensions).</summary>
    public static UnicodeScript ScriptOf(int codePoint) => s_scripts[codePoint];

    /// <summary>Property White_Space, which is what <c>\s</c> means.</summary>
    public static bool IsWhiteSpace(int codePoint) => Has(codePoint, Property.WhiteSpace);

    /// <summary>Whether Unicode 9.0 had this character: those that came later have no script to Hugging Face's UnicodeScripts.</summary>
    public static bool WasInVersion9(int codePoint) => Has(codePoint, Property.InVersion9);

    /// <summary>Property Alphabetic.</summary>
    public static bool IsAlphabetic(int codePoint) => Has(codePoint, Property.Alphabetic);

    /// <summary>Property Uppercase.</summary>
    public static bool IsUppercase(int codePoint) => Has(codePoint, Property.Uppercase);

    /// <summary>Property Lowercase.</summary>
    public static bool IsLowercase(int codePoint) => Has(codePoint, Property.Lowercase);

    /// <summary>Property Ideographic.</summary>
    public static bool IsIdeographic(int codePoint) => Has(codePoint, Property.Ideographic);

    /// <summary>Property Emoji.</summary>
    public static bool IsEmoji(int codePoint) => Has(codePoint, Property.Emoji);

    /// <summary>Oniguruma's word characters: Alphabetic, marks, decimal digits and connector punctuation.</summary>
    public static bool IsWord(int codePoint) => Has(codePoint, Property.Word);

    /// <summary>The word characters of Unicode's annex on regular expressions, as Rust has them: the two joiners too.</summary>
    public static bool IsWordOrJoiner(int codePoint) => IsWord(codePoint) || codePoint is 0x200C or 0x200D;

    /// <summary>The categories P*, of Unicode 8.0 as in Hugging Face's parts: ASCII symbols such as $ and + are not among them.</summary>
    public static bool IsPunctuation(int codePoint) => Has(codePoint, Part.Punctuation);

    /// <summary>The category Mn, of Unicode 8.0 as in Hugging Face's BertNormalizer.</summary>
    public static bool IsNonSpacingMark(int codePoint) => Has(codePoint, Part.NonSpacingMark);

    /// <summary>The categories Cc, Cf and Co, of Unicode 8.0 as in Hugging Face's BertNormalizer.</summary>
    public static bool IsControl(int codePoint) => Has(codePoint, Part.Control);

    /// <summary>The categories N*, of Unicode 17.0 as in Hugging Face's Digits.</summary>
    public static bool IsNumber(int codePoint) => Has(codePoint, Part.Number);

    /// <summary>The categories M*, of Unicode 9.0 as in Hugging Face's StripAccents.</summary>
    public static bool IsMark(int codePoint) => Has(codePoint, Part.Mark);

    /// <summary>The full lower-case mapping of a code point alone, without regard to its neighbours or a language.</summary>
    /// <param name="codePoint">The code point.</param>
    /// <param name="second">The second code point of the mapping, or -1: only U+0130 has one.</param>
    public static int LowerOf(int codePoint, out int second)
    {
        second = codePoint == 0x130 ? 0x307 : -1;
        return codePoint + s_lower[codePoint];
    }

    /// <summary>The simple case folding.</summary>
    public static int FoldOf(int codePoint) => codePoint + s_fold[codePoint];

    private static bool Has(int codePoint, Property property) => (s_properties[codePoint] & (uint)property) != 0;

    private static bool Has(int codePoint, Part part) => (s_parts[codePoint] & part) == part;
}
