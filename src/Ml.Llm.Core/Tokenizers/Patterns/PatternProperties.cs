using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Globalization;

namespace Ml.Llm.Tokenization;

/// <summary>The named sets of code points that a pattern can ask for: <c>\p{..}</c>, <c>[:..:]</c> and the short escapes.</summary>
/// <threadsafety>Safe for threads at once.</threadsafety>
internal static class PatternProperties
{
    // In the order of UnicodeCategory: the short name, then the long one as \p compares names (no spaces, '-', '_' or case).
    private static readonly string[] s_categories =
    [
        "lu uppercaseletter", "ll lowercaseletter", "lt titlecaseletter", "lm modifierletter", "lo otherletter",
        "mn nonspacingmark", "mc spacingmark", "me enclosingmark", "nd decimalnumber", "nl letternumber", "no othernumber",
        "zs spaceseparator", "zl lineseparator", "zp paragraphseparator", "cc control", "cf format", "cs surrogate",
        "co privateuse", "pc connectorpunctuation", "pd dashpunctuation", "ps openpunctuation", "pe closepunctuation",
        "pi initialpunctuation", "pf finalpunctuation", "po otherpunctuation", "sm mathsymbol", "sc currencysymbol",
        "sk modifiersymbol", "so othersymbol", "cn unassigned",
    ];

    private static readonly FrozenDictionary<string, Func<int, bool>> s_properties = MakeProperties().ToFrozenDictionary();
    private static readonly FrozenDictionary<string, Func<int, bool>> s_brackets = MakeBrackets().ToFrozenDictionary();
    private static readonly ConcurrentDictionary<Func<int, bool>, CodePointSet> s_sets = new();

    /// <summary><c>\s</c>.</summary>
    public static CodePointSet WhiteSpace => SetOf(s_brackets["space"]);

    /// <summary><c>\d</c>.</summary>
    public static CodePointSet Digit => SetOf(s_brackets["digit"]);

    /// <summary><c>\w</c> within brackets.</summary>
    public static CodePointSet Word => SetOf(s_brackets["word"]);

    /// <summary><c>\h</c>: a hexadecimal digit of ASCII.</summary>
    public static CodePointSet HexDigit => SetOf(s_brackets["xdigit"]);

    /// <summary>
    /// <c>\w</c> alone and the sides of <c>\b</c>. Oniguruma takes these from an older table below U+0100, in which
    /// superscript digits and fractions are word characters too.
    /// </summary>
    public static CodePointSet WordAlone { get; } = Word.Union(CodePointSet.Of(0xB2, 0xB3, 0xB9, 0xBC, 0xBD, 0xBE));

    /// <summary>The set of a property, category or script; null where there is none of that name.</summary>
    public static CodePointSet? Named(ReadOnlySpan<char> name)
    {
        Span<char> plain = stackalloc char[64];
        var length = 0;
        foreach (var character in name)
        {
            if (character is ' ' or '-' or '_') continue;
            if (length == plain.Length || !char.IsAscii(character)) return null;
            plain[length++] = char.ToLowerInvariant(character);
        }

        return s_properties.TryGetValue(plain[..length].ToString(), out var isMember) ? SetOf(isMember) : null;
    }

    /// <summary>The set of a POSIX bracket such as <c>[:alpha:]</c>; null where there is none of that name.</summary>
    public static CodePointSet? Bracket(string name) => s_brackets.TryGetValue(name, out var isMember) ? SetOf(isMember) : null;

    private static CodePointSet SetOf(Func<int, bool> isMember) => s_sets.GetOrAdd(isMember, CodePointSet.Where);

    private static bool IsIn(int codePoint, string categories)
    {
        var category = s_categories[(int)UnicodeTables.CategoryOf(codePoint)];
        return categories.Contains(category[0]);
    }

    private static Dictionary<string, Func<int, bool>> MakeBrackets() => new(StringComparer.Ordinal)
    {
        ["alpha"] = UnicodeTables.IsAlphabetic,
        ["digit"] = static c => UnicodeTables.CategoryOf(c) == UnicodeCategory.DecimalDigitNumber,
        ["alnum"] = static c => UnicodeTables.IsAlphabetic(c) || UnicodeTables.CategoryOf(c) == UnicodeCategory.DecimalDigitNumber,
        ["upper"] = UnicodeTables.IsUppercase,
        ["lower"] = UnicodeTables.IsLowercase,
        ["space"] = UnicodeTables.IsWhiteSpace,
        ["blank"] = static c => c == '\t' || UnicodeTables.CategoryOf(c) == UnicodeCategory.SpaceSeparator,
        ["cntrl"] = static c => UnicodeTables.CategoryOf(c) == UnicodeCategory.Control,
        ["punct"] = static c => IsIn(c, "ps"),
        ["xdigit"] = static c => c < 0x80 && char.IsAsciiHexDigit((char)c),
        ["word"] = UnicodeTables.IsWord,
        ["ascii"] = static c => c < 0x80,
        ["graph"] = IsGraphic,
        ["print"] = static c => IsGraphic(c) || UnicodeTables.CategoryOf(c) == UnicodeCategory.SpaceSeparator,
    };

    private static bool IsGraphic(int codePoint) => UnicodeTables.CategoryOf(codePoint) is not (UnicodeCategory.Control
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.Surrogate or UnicodeCategory.SpaceSeparator
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    private static Dictionary<string, Func<int, bool>> MakeProperties()
    {
        var properties = MakeBrackets();
        properties["alphabetic"] = UnicodeTables.IsAlphabetic;
        properties["uppercase"] = UnicodeTables.IsUppercase;
        properties["lowercase"] = UnicodeTables.IsLowercase;
        properties["whitespace"] = UnicodeTables.IsWhiteSpace;
        properties["ideographic"] = UnicodeTables.IsIdeographic;
        properties["emoji"] = UnicodeTables.IsEmoji;
        properties["extendedpictographic"] = UnicodeTables.IsPictographic;
        properties["any"] = static _ => true;
        properties["assigned"] = static c => UnicodeTables.CategoryOf(c) != UnicodeCategory.OtherNotAssigned;

        AddUnion("l letter", "l");
        AddUnion("m mark combiningmark", "m");
        AddUnion("n number", "n");
        AddUnion("p punctuation punct", "p");
        AddUnion("s symbol", "s");
        AddUnion("z separator", "z");
        AddUnion("c other", "c");
        Add("lc casedletter", static c => UnicodeTables.CategoryOf(c) <= UnicodeCategory.TitlecaseLetter);
        for (var category = 0; category < s_categories.Length; category++)
        {
            var wanted = (UnicodeCategory)category;
            Add(s_categories[category], c => UnicodeTables.CategoryOf(c) == wanted);
        }

        foreach (var script in Enum.GetValues<UnicodeScript>()) Add(script.ToString(), c => UnicodeTables.ScriptOf(c) == script);
        var aliases = UnicodeScriptAliases.All.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < aliases.Length; i += 2) properties[Plain(aliases[i])] = properties[Plain(aliases[i + 1])];
        return properties;

        void Add(string names, Func<int, bool> isMember)
        {
            foreach (var name in names.Split(' ')) properties[Plain(name)] = isMember;
        }

        void AddUnion(string names, string first) => Add(names, c => IsIn(c, first));

        static string Plain(string name) => name.ToLowerInvariant();
    }
}
