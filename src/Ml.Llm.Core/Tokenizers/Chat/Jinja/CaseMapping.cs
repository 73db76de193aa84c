using System.Text;

namespace Ml.Llm.Tokenization.Jinja;

/// <summary>Upper, lower and title case as Python's str has them: Unicode's full mappings, the same in every culture.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class CaseMapping
{
    /// <summary>Characters whose upper case is several, and those, from Unicode's SpecialCasing.</summary>
    private const string Singles = "ßŉǰΐΰևẖẗẘẙẚὐὒὔὖᾶῆῒΐῖῗῢΰῤῦῧῶﬀﬁﬂﬃﬄﬅﬆﬓﬔﬕﬖﬗ";

    private static readonly string[] s_several =
    [
        "SS", "ʼN", "J\u030C", "Ι\u0308\u0301", "Υ\u0308\u0301", "ԵՒ", "H\u0331", "T\u0308", "W\u030A", "Y\u030A", "Aʾ", "Υ\u0313", "Υ\u0313\u0300",
        "Υ\u0313\u0301", "Υ\u0313\u0342", "Α\u0342", "Η\u0342", "Ι\u0308\u0300", "Ι\u0308\u0301", "Ι\u0342", "Ι\u0308\u0342", "Υ\u0308\u0300",
        "Υ\u0308\u0301", "Ρ\u0313", "Υ\u0342", "Υ\u0308\u0342", "Ω\u0342", "FF", "FI", "FL", "FFI", "FFL", "ST", "ST", "ՄՆ", "ՄԵ", "ՄԻ", "ՎՆ", "ՄԽ",
    ];

    /// <summary>Greek letters with the iota below outside the blocks of eight, each with its upper case before the iota.</summary>
    private const string Iotas = "ᾲᾺᾳΑᾴΆᾼΑῂῊῃΗῄΉῌΗῲῺῳΩῴΏῼΩ";

    /// <summary>Letters of two signs: upper, title, lower.</summary>
    private const string Digraphs = "ǄǅǆǇǈǉǊǋǌǱǲǳ";

    public static string Upper(string text)
    {
        var result = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length; at += CodePoints.LengthAt(text, at)) AppendUpper(result, text, at);
        return result.ToString();
    }

    public static string Lower(string text)
    {
        var result = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length; at += CodePoints.LengthAt(text, at)) AppendLower(result, text, at);
        return result.ToString();
    }

    /// <summary>The first character in title case, the others in lower case.</summary>
    public static string Capitalized(string text)
    {
        if (text.Length == 0) return text;
        var result = new StringBuilder(text.Length);
        AppendTitle(result, text, 0);
        for (var at = CodePoints.LengthAt(text, 0); at < text.Length; at += CodePoints.LengthAt(text, at)) AppendLower(result, text, at);
        return result.ToString();
    }

    /// <summary>The first letter of each run of letters in title case, the others in lower case.</summary>
    public static string Title(string text)
    {
        var result = new StringBuilder(text.Length);
        var inWord = false;
        for (var at = 0; at < text.Length; at += CodePoints.LengthAt(text, at))
        {
            if (inWord) AppendLower(result, text, at);
            else AppendTitle(result, text, at);
            inWord = IsCased(text, at);
        }

        return result.ToString();
    }

    public static string Swapped(string text)
    {
        var result = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length; at += CodePoints.LengthAt(text, at))
        {
            if (IsUpper(text, at)) AppendLower(result, text, at);
            else if (IsLower(text, at)) AppendUpper(result, text, at);
            else result.Append(text, at, CodePoints.LengthAt(text, at));
        }

        return result.ToString();
    }

    /// <summary>A form in which texts that differ in case only are equal.</summary>
    public static string Folded(string text)
    {
        var result = new StringBuilder(text.Length);
        var upper = new StringBuilder();
        for (var at = 0; at < text.Length; at += CodePoints.LengthAt(text, at))
        {
            // The dotless i is not folded, and Cherokee is folded to its capitals, which are the older letters.
            if (text[at] == 'ı' || text[at] is >= '\u13A0' and <= '\u13F5')
            {
                result.Append(text[at]);
                continue;
            }

            upper.Clear();
            AppendUpper(upper, text, at);
            if (upper[0] is >= '\u13A0' and <= '\u13F5')
            {
                result.Append(upper);
                continue;
            }

            var folded = upper.ToString();
            for (var i = 0; i < folded.Length; i += CodePoints.LengthAt(folded, i)) AppendPlainLower(result, folded, i);
        }

        return result.ToString();
    }

    public static bool IsUpper(string text, int at) => CodePoints.RuneAt(text, at) is var rune
        && (Rune.IsUpper(rune) || (!Rune.IsLower(rune) && Rune.ToLowerInvariant(rune) != rune && !IsTitle(text[at])));

    public static bool IsLower(string text, int at) => CodePoints.RuneAt(text, at) is var rune
        && (Rune.IsLower(rune) || rune.Value is 0xAA or 0xBA || (!Rune.IsUpper(rune) && Rune.ToUpperInvariant(rune) != rune && !IsTitle(text[at])));

    public static bool IsCased(string text, int at) => IsUpper(text, at) || IsLower(text, at) || IsTitle(text[at]);

    private static bool IsTitle(char unit) => char.GetUnicodeCategory(unit) == System.Globalization.UnicodeCategory.TitlecaseLetter;

    private static void AppendUpper(StringBuilder result, string text, int at)
    {
        var unit = text[at];
        if (unit < 'ß')
        {
            result.Append(char.ToUpperInvariant(unit));
            return;
        }

        var special = Singles.IndexOf(unit, StringComparison.Ordinal);
        var iota = Iotas.IndexOf(unit, StringComparison.Ordinal);
        if (special >= 0) result.Append(s_several[special]);
        else if (unit is >= '\u1F80' and <= '\u1FAF') result.Append("ἈἉἊἋἌἍἎἏἨἩἪἫἬἭἮἯὨὩὪὫὬὭὮὯ"[((unit - '\u1F80') / 16 * 8) + (unit % 8)]).Append('Ι');
        else if (unit is 'ᾷ' or 'ῇ' or 'ῷ') result.Append(unit switch { 'ᾷ' => 'Α', 'ῇ' => 'Η', _ => 'Ω' }).Append("\u0342Ι");
        else if (iota >= 0 && iota % 2 == 0) result.Append(Iotas[iota + 1]).Append('Ι');
        else if (CodePoints.LengthAt(text, at) == 1) result.Append(Unmapped(char.ToUpperInvariant(unit), unit));
        else result.Append(Rune.ToUpperInvariant(CodePoints.RuneAt(text, at)).ToString());
    }

    private static void AppendTitle(StringBuilder result, string text, int at)
    {
        var unit = text[at];
        var digraph = Digraphs.IndexOf(unit, StringComparison.Ordinal);
        if (digraph >= 0) result.Append(Digraphs[(digraph / 3 * 3) + 1]);
        else if (unit is >= '\u10D0' and <= '\u10FF') result.Append(unit);
        else if (unit is >= '\u1F80' and <= '\u1FAF') result.Append((char)(unit | 8));
        else if (unit is 'ᾳ' or 'ῃ' or 'ῳ') result.Append((char)(unit + 9));
        else if (IsTitle(unit)) result.Append(unit);
        else
        {
            var start = result.Length;
            AppendUpper(result, text, at);
            if (result.Length - start <= CodePoints.LengthAt(text, at)) return;
            // Of several characters the first alone is a capital.
            var rest = result.ToString(start + 1, result.Length - start - 1);
            result.Length = start + 1;
            for (var i = 0; i < rest.Length; i++) AppendPlainLower(result, rest, i);
        }
    }

    private static void AppendLower(StringBuilder result, string text, int at)
    {
        if (text[at] == 'Σ' && IsFinal(text, at)) result.Append('ς');
        else AppendPlainLower(result, text, at);
    }

    private static void AppendPlainLower(StringBuilder result, string text, int at)
    {
        if (text[at] == 'İ') result.Append("i\u0307");
        else if (CodePoints.LengthAt(text, at) == 1) result.Append(Unmapped(char.ToLowerInvariant(text[at]), text[at]));
        else result.Append(Rune.ToLowerInvariant(CodePoints.RuneAt(text, at)).ToString());
    }

    // The invariant mapping leaves alone the two i that are mapped by culture.
    private static char Unmapped(char mapped, char unit) => unit == 'ı' && mapped == 'ı' ? 'I' : mapped;

    /// <summary>Whether a sigma ends a word: a cased letter before it, none behind it, marks and the like between left aside.</summary>
    private static bool IsFinal(string text, int at)
    {
        var before = at - 1;
        while (before >= 0 && IsIgnorable(text[before])) before--;
        if (before < 0 || !IsCased(text, before > 0 && char.IsSurrogatePair(text[before - 1], text[before]) ? before - 1 : before)) return false;
        var after = at + 1;
        while (after < text.Length && IsIgnorable(text[after])) after++;
        return after >= text.Length || !IsCased(text, after);
    }

    private static bool IsIgnorable(char unit) => unit is '\'' or '.' or ':' or '^' or '`' or '·' or '’' or '‘' || char.GetUnicodeCategory(unit) is
        System.Globalization.UnicodeCategory.NonSpacingMark or System.Globalization.UnicodeCategory.EnclosingMark or System.Globalization.UnicodeCategory.Format
        or System.Globalization.UnicodeCategory.ModifierLetter or System.Globalization.UnicodeCategory.ModifierSymbol;
}
