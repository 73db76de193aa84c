using System.Globalization;
using System.Text;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Core.Tests.Unicode;

[TestClass]
public sealed class UnicodeTablesTests
{
    [TestMethod]
    public void The_categories_are_those_of_the_runtime_but_for_newer_characters()
    {
        var changed = new List<string>();
        for (var codePoint = 0; codePoint <= 0x10FFFF; codePoint++)
        {
            var ours = UnicodeTables.CategoryOf(codePoint);
            var theirs = CharUnicodeInfo.GetUnicodeCategory(codePoint);
            if (ours != UnicodeCategory.OtherNotAssigned && ours != theirs) changed.Add($"U+{codePoint:X4} {ours} {theirs}");
        }

        // Later versions change the category of a sign now and then.
        Assert.IsLessThanOrEqualTo(30, changed.Count, string.Join(", ", changed));
    }

    [TestMethod]
    public void White_space_is_that_of_the_runtime()
    {
        for (var unit = 0; unit <= char.MaxValue; unit++)
            Assert.AreEqual(char.IsWhiteSpace((char)unit), UnicodeTables.IsWhiteSpace(unit), $"U+{unit:X4}");
    }

    [TestMethod]
    [DataRow('a', UnicodeScript.Latin)]
    [DataRow(0x3B1, UnicodeScript.Greek)]
    [DataRow(0x6F22, UnicodeScript.Han)]
    [DataRow(0x20000, UnicodeScript.Han)]
    [DataRow(0x3042, UnicodeScript.Hiragana)]
    [DataRow(0x30FC, UnicodeScript.Common)]
    [DataRow(0x301, UnicodeScript.Inherited)]
    [DataRow(0x378, UnicodeScript.Unknown)]
    [DataRow(0x10FFFF, UnicodeScript.Unknown)]
    public void Scripts_are_those_of_the_standard(int codePoint, object script) => Assert.AreEqual(script, UnicodeTables.ScriptOf(codePoint));

    [TestMethod]
    [DataRow('A', 'a', -1)]
    [DataRow('a', 'a', -1)]
    [DataRow(0x130, 'i', 0x307)]
    [DataRow(0x3A3, 0x3C3, -1)]
    [DataRow(0x1E9E, 0xDF, -1)]
    [DataRow(0x10400, 0x10428, -1)]
    [DataRow(0x10A0, 0x2D00, -1)]
    public void Lower_case_is_the_full_mapping_without_context(int codePoint, int expected, int expectedSecond)
    {
        Assert.AreEqual(expected, UnicodeTables.LowerOf(codePoint, out var second));
        Assert.AreEqual(expectedSecond, second);
    }

    [TestMethod]
    public void Every_other_lower_case_is_that_of_the_runtime_but_for_newer_characters()
    {
        var newer = new List<string>();
        for (var codePoint = 0; codePoint <= 0x10FFFF; codePoint++)
        {
            // U+0130: the runtime has one code point for it.
            if (!Rune.IsValid(codePoint) || codePoint == 0x130) continue;
            var (theirs, ours) = (Rune.ToLowerInvariant(new Rune(codePoint)).Value, UnicodeTables.LowerOf(codePoint, out _));
            if (theirs == ours) continue;
            Assert.AreEqual(codePoint, theirs, $"U+{codePoint:X4}");
            newer.Add($"U+{codePoint:X4}");
        }

        // 27 capitals came with Unicode 16.0, 28 with 17.0, which a runtime may have or not.
        Assert.IsLessThanOrEqualTo(60, newer.Count, string.Join(", ", newer));
    }

    [TestMethod]
    [DataRow('_', true, true)]
    [DataRow(0x301, true, true)]
    [DataRow(0x24B6, true, true)]
    [DataRow(0x200D, false, true)]
    [DataRow(0xB2, false, false)]
    [DataRow('-', false, false)]
    public void Word_characters_are_alphabetic_marks_digits_and_connectors(int codePoint, bool isWord, bool isWordOrJoiner)
    {
        Assert.AreEqual(isWord, UnicodeTables.IsWord(codePoint));
        Assert.AreEqual(isWordOrJoiner, UnicodeTables.IsWordOrJoiner(codePoint));
    }

    [TestMethod]
    [DataRow('!', true)]
    [DataRow('$', false)]
    [DataRow(0x3002, true)]
    [DataRow(0x2E43, false)]
    [DataRow(0x166D, true)]
    public void Punctuation_is_that_of_Unicode_8(int codePoint, bool expected) => Assert.AreEqual(expected, UnicodeTables.IsPunctuation(codePoint));

    [TestMethod]
    [DataRow(0x301, true)]
    [DataRow(0x903, true)]
    [DataRow(0x488, true)]
    [DataRow(0x7FD, false)]
    [DataRow('a', false)]
    public void Marks_are_those_of_Unicode_9(int codePoint, bool expected) => Assert.AreEqual(expected, UnicodeTables.IsMark(codePoint));

    [TestMethod]
    [DataRow("abc", "a|b|c")]
    [DataRow("\r\n\n\r", "\r\n|\n|\r")]
    [DataRow("e\u0301\u0302x", "e\u0301\u0302|x")]
    [DataRow("\u0301a", "\u0301|a")]
    [DataRow("\u1112\u1161\u11AB\uAC00\u11A8\uAC01\u1161", "\u1112\u1161\u11AB|\uAC00\u11A8|\uAC01|\u1161")]
    [DataRow("👨\u200D👩\u200D👧x", "👨\u200D👩\u200D👧|x")]
    [DataRow("👍🏽👍", "👍🏽|👍")]
    [DataRow("a\u200D👧", "a\u200D|👧")]
    [DataRow("👨\u0301\u200D👩\u200D\u200D👧", "👨\u0301\u200D👩\u200D\u200D|👧")]
    [DataRow("🇩🇪🇫🇷🇮", "🇩🇪|🇫🇷|🇮")]
    [DataRow("\u0915\u0903\u0915", "\u0915\u0903|\u0915")]
    [DataRow("\u0600a\u0600\n", "\u0600a|\u0600|\n")]
    public void Grapheme_clusters_are_those_of_the_standard(string text, string expected)
    {
        Assert.AreEqual(expected, string.Join('|', Clusters(text)));
        Assert.AreEqual(text.Length, UnicodeTables.GraphemeEnd(text, text.Length));
    }

    [TestMethod]
    public void A_lone_surrogate_takes_marks_as_any_character_does() =>
        Assert.AreSequenceEqual(new[] { "\uD800\u0301", "\uDC00" }, Clusters("\uD800\u0301\uDC00"));

    private static List<string> Clusters(string text)
    {
        var clusters = new List<string>();
        for (var at = 0; at < text.Length;)
        {
            var end = UnicodeTables.GraphemeEnd(text, at);
            clusters.Add(text[at..end]);
            at = end;
        }

        return clusters;
    }
}
