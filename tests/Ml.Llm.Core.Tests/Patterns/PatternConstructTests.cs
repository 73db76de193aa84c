using Ml.Llm.Tokenization;

namespace Ml.Llm.Core.Tests.Patterns;

/// <summary>Each construct on its own; the expected matches are those of Oniguruma 6.9 with its default syntax.</summary>
[TestClass]
public sealed class PatternConstructTests
{
    [TestMethod]
    // Alternation, groups, options.
    [DataRow("(a|ab)(c|bcd)(d*)", "abcd", "abcd")]
    [DataRow("|a", "ab", "||")]
    [DataRow("a||b", "b", "|")]
    [DataRow("a(?i)b|c", "aB C c aC", "aB|aC")]
    [DataRow("(?:a(?i)b|c)C", "aBC aCC cC", "aBC|aCC")]
    [DataRow("(?:a|b)(?i)c|d", "ac bD D", "ac|bD")]
    [DataRow("(?i:(?-i:a)b)", "aB AB", "aB")]
    [DataRow("(?i:^)*a", "aa", "a|a")]
    [DataRow("(?i-m:a.)", "AB A\n", "AB")]
    [DataRow("(?m).", "a\n", "a|\n")]
    [DataRow("(?x) a b # c", "ab", "ab")]
    [DataRow("a(?#note)+", "aa", "aa")]
    [DataRow("(?<n>a)(?'m'b)", "ab", "ab")]
    [DataRow("(?>a+)a", "aaa", null)]
    [DataRow("(?>a|ab)c", "abc ac", "ac")]
    // Quantifiers.
    [DataRow("a{1,2}+", "aaaaa", "aaaaa")]
    [DataRow("a{1,2}+a", "aaa", "aaa")]
    [DataRow("a{2}?", "aaaa a", "aa|aa|||")]
    [DataRow("a{2}+", "aaaaa", "aaaa")]
    [DataRow("a{,3}", "aaaa", "aaa|a|")]
    [DataRow("a{3,1}", "aaaa", "aaa|a")]
    [DataRow("a{3,1}a", "aaa", null)]
    [DataRow("a{2}{3}", "aaaaaaaaaaaaa", "aaaaaa|aaaaaa")]
    [DataRow("a{2,}?", "aaaaa", "aa|aa")]
    [DataRow("a{2,3}?", "aaaaa", "aa|aa")]
    [DataRow("a??b", "ab", "ab")]
    [DataRow("a**", "aab", "aa||")]
    [DataRow("a+?+b", "aaab", "aaab")]
    [DataRow("a{1", "a{1 a", "a{1")]
    [DataRow("a{b}", "a{b}", "a{b}")]
    [DataRow("a{,}", "aa{,}", "a{,}")]
    [DataRow("a++a", "aaa", null)]
    [DataRow("a*+b", "aab", "aab")]
    [DataRow("a?+a", "a aa", "aa")]
    [DataRow("(?:ab){2,3}", "ababababab", "ababab|abab")]
    [DataRow("(?:ab){1,2}?b?", "ababb", "ab|abb")]
    [DataRow("a{0}b", "ab", "b")]
    // Loops whose rounds may match nothing.
    [DataRow("(?:a*)*b", "aab", "aab")]
    [DataRow("(?:a|b*)*c", "abc", "abc")]
    [DataRow("(?:|a)*b", "aab", "aab")]
    [DataRow("(?:|a)*", "aa", "||")]
    [DataRow("(?:a|)+", "aab", "aa||")]
    [DataRow("(?:a??)*?b", "ab", "ab")]
    [DataRow("(?:^a)*", "aa", "a||")]
    // Places.
    [DataRow("^", "a\nb\n", "|")]
    [DataRow("$", "a\nb\n", "||")]
    [DataRow("\\A", "a\nb", "")]
    [DataRow("\\Z", "a\nb\n", "|")]
    [DataRow("\\z", "a\nb\n", "")]
    [DataRow("a$", "a\r\na", "a")]
    [DataRow("^\\s", "\n \n", "\n| ")]
    [DataRow("\\bfoo\\b", "foo foo1 (foo) fooé é", "foo|foo")]
    [DataRow("\\B", "ab c", "")]
    [DataRow("\\b", "²a ½", "|||")]
    // Look-around.
    [DataRow("(?<=a|bc)d", "ad bcd cd", "d|d")]
    [DataRow("(?<!a|bc)d", "ad bcd cd", "d")]
    [DataRow("(?<=a+)b", "aab b", "b")]
    [DataRow("(?<=^|x)b", "b xb\nb", "b|b|b")]
    [DataRow("(?<=(?:ab){2})c", "ababc abc", "c")]
    [DataRow("(?<=a.*)b", "a..b..b", "b|b")]
    [DataRow("(?<=(?<=a)b)c", "abc bc", "c")]
    [DataRow("(?<=\U0001D49C)b", "\U0001D49Cb b", "b")]
    [DataRow("a(?=b|c)", "ab ac ad", "a|a")]
    [DataRow("a(?!b|c)", "ab ac ad", "a")]
    [DataRow("(?!a+b)a", "aab aac", "a|a")]
    [DataRow("\\d{1,3}(?=(?:\\d{3})*\\b)", "1234567", "1|234|567")]
    // Classes.
    [DataRow("[]a]", "] a", "]|a")]
    [DataRow("[^]a]", "] ab", " |b")]
    [DataRow("[^^]", "^a", "a")]
    [DataRow("[a&&]", "a", null)]
    [DataRow("[a-c-e]", "abcde-", "a|b|c|e|-")]
    [DataRow("[:alpha:]", "alph:z", "a|l|p|h|:")]
    [DataRow("[[:^alpha:]]", "a1", "1")]
    [DataRow("[[:al]]", "al]", "a|l")]
    [DataRow("[b-d&&c-e]", "abcdef", "c|d")]
    [DataRow("[^b-d&&c-e]", "abcdef", "a|b|e|f")]
    [DataRow("[b-d&&[^c]]", "abcdef", "b|d")]
    [DataRow("[a-z&&[^aeiou]&&[^x-z]]", "abcxyz", "b|c")]
    [DataRow("[[a-c][x-z]]", "abxyq", "a|b|x|y")]
    [DataRow("[^a-c[x-z]]", "abxyq", "q")]
    [DataRow("[a[^b]]", "abc", "a|c")]
    [DataRow("[[a]-c]", "a-c", "a|-|c")]
    [DataRow("[+--]", "+,-", "+|,|-")]
    [DataRow("[\\b]", "\b", "\b")]
    [DataRow("[\\R\\X]", "RX\n", "R|X")]
    [DataRow("[a\\-z]", "a-z b", "a|-|z")]
    [DataRow("[\\x{61}-\\x63]", "abcd", "a|b|c")]
    [DataRow("[\\w&&\\d]", "a1", "1")]
    [DataRow("[\\H]", "fg", "g")]
    [DataRow("[^\\P{L}]", "a1", "a")]
    // Sets.
    [DataRow("\\w", "²½a_\u0301\u200D", "²|½|a|_|\u0301")]
    [DataRow("[\\w]", "²½a", "a")]
    [DataRow("\\h", "fg１Ａ", "f")]
    [DataRow("\\d", "1١①", "1|١")]
    [DataRow("\\s", " \t\v\u0085\u00A0\u200B\u180E\u2028", " |\t|\v|\u0085|\u00A0|\u2028")]
    [DataRow(".", "a\n\r\u2028", "a|\r|\u2028")]
    [DataRow("\\N+", "ab\ncd", "ab|cd")]
    [DataRow("\\O+", "ab\ncd", "ab\ncd")]
    [DataRow("\\p{L}", "aé1漢\U0001D49C\U00020000", "a|é|漢|\U0001D49C|\U00020000")]
    [DataRow("\\p{^L}", "a1", "1")]
    [DataRow("\\P{^L}", "a1", "a")]
    [DataRow("\\p{hira-gana}|\\p{HANI}|\\p{ Greek }", "あ漢αa", "あ|漢|α")]
    [DataRow("\\p{Uppercase_Letter}", "aAǅ", "A")]
    [DataRow("\\p{LC}", "aAǅª漢", "a|A|ǅ")]
    [DataRow("\\p{Punct}", "$+!_", "!|_")]
    [DataRow("[[:punct:]]", "$!€a", "$|!|€")]
    [DataRow("[[:alpha:]]", "aⅧⒶ①\u0345", "a|Ⅷ|Ⓐ|\u0345")]
    [DataRow("[[:alnum:]]", "a1①Ⅷ_", "a|1|Ⅷ")]
    [DataRow("[[:lower:]]", "aAªǅⓐ", "a|ª|ⓐ")]
    [DataRow("[[:upper:]]", "aAǅⒶ", "A|Ⓐ")]
    [DataRow("[[:graph:]]+", "a !\u0001 \u00AD\uE000\u0378", "a|!|\u00AD\uE000")]
    [DataRow("[[:print:]]+", "a !\u0001\t \u00AD\u0378\u0085", "a !| \u00AD")]
    [DataRow("[[:cntrl:]]", "\u0001\u00AD\u0085\u2028", "\u0001|\u0085")]
    [DataRow("[[:blank:]]", " \t\u00A0\u3000\n", " |\t|\u00A0|\u3000")]
    [DataRow("[[:xdigit:][:ascii:]&&\\D]", "a1é", "a")]
    // Escapes.
    [DataRow("\\x41\\x{1D49C}\\u00e9\\t\\0\\012", "A\U0001D49Cé\t\0\n", "A\U0001D49Cé\t\0\n")]
    [DataRow("\\e\\a\\f\\v\\r", "\u001B\a\f\v\r", "\u001B\a\f\v\r")]
    [DataRow("\\Qa.b\\E", "a.b QaxbE", "QaxbE")]
    [DataRow("\\.\\(\\\\", ".(\\", ".(\\")]
    [DataRow("\\R", "\r\n\n\r\v\f\u0085\u2028", "\r\n|\n|\r|\v|\f|\u0085|\u2028")]
    [DataRow("\\R\\n", "\r\n", null)]
    [DataRow("\\X", "e\u0301\r\n👨\u200D👩\u200D👧🇩🇪🇫각á", "e\u0301|\r\n|👨\u200D👩\u200D👧|🇩🇪|🇫|각|á")]
    // Case.
    [DataRow("(?i:'s)", "'s 'S '\u017F", "'s|'S|'\u017F")]
    [DataRow("(?i:k)", "kK\u212A", "k|K|\u212A")]
    [DataRow("(?i:σ)", "Σσς", "Σ|σ|ς")]
    [DataRow("(?i:i)", "İıIi", "I|i")]
    [DataRow("(?i:[a-z])", "A\u212A1", "A|\u212A")]
    [DataRow("(?i:[^a-z])", "A\u212A1", "1")]
    [DataRow("(?i:\\p{Lu})", "aA", "A")]
    [DataRow("(?i:[\\p{Lu}])", "aA", "a|A")]
    public void Matches_are_those_of_Oniguruma(string pattern, string text, string? expected)
    {
        var matches = Matches(new CodePointRegex(pattern), text);
        Assert.AreEqual(expected, matches.Count == 0 ? null : string.Join('|', matches));
    }

    [TestMethod]
    [DataRow("a$", "a\nb", null)]
    [DataRow("a$", "a", "a")]
    [DataRow("(?s).", "\n", "\n")]
    [DataRow("a{1,2}+a", "aa", null)]
    [DataRow("a{1,2}+", "aaaa", "aa|aa")]
    public void Rusts_syntax_differs_in_places_and_possessive_braces(string pattern, string text, string? expected)
    {
        var matches = Matches(new CodePointRegex(pattern, PatternSyntax.Rust), text);
        Assert.AreEqual(expected, matches.Count == 0 ? null : string.Join('|', matches));
    }

    [TestMethod]
    public void A_lone_surrogate_is_one_character_that_is_no_letter()
    {
        Assert.AreSequenceEqual(new[] { "\uD800", "\uDC00", "\uD801" }, Matches(new CodePointRegex("\\P{L}"), "\uD800a\uDC00\uD801"));
        Assert.AreSequenceEqual(new[] { "a" }, Matches(new CodePointRegex("\\p{L}+"), "\uD800a\uDC00"));
        Assert.AreSequenceEqual(new[] { "\uD800\uD835\uDC9C" }, Matches(new CodePointRegex("(?m:..)"), "\uD800\uD835\uDC9C"));
    }

    [TestMethod]
    public void A_search_sees_what_lies_before_the_place_where_it_begins()
    {
        var pattern = new CodePointRegex("(?<=a)b|^c");
        Assert.IsTrue(pattern.Next("abc", 1, out var start, out var end));
        Assert.AreEqual((1, 2), (start, end));
        Assert.IsFalse(pattern.Next("abc", 2, out _, out _));
    }

    internal static List<string> Matches(ITextPattern pattern, string text)
    {
        var matches = new List<string>();
        for (var from = 0; from <= text.Length && pattern.Next(text, from, out var start, out var end);)
        {
            matches.Add(text[start..end]);
            from = end;
            if (start < end) continue;
            from += end < text.Length && char.IsSurrogatePair(text, end) ? 2 : 1;
        }

        return matches;
    }
}
