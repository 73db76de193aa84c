using Ml.Llm.Tokenization;

namespace Ml.Llm.Core.Tests.Patterns;

/// <summary>The hand-written matchers against the engine, on random texts of characters that matter to them.</summary>
[TestClass]
public sealed class HandWrittenPatternTests
{
    private static readonly string[] s_fragments =
    [
        "'", "'s", "'S", "'\u017F", "'t", "'LL", "'l", "'Re", "'vE", "'m", "'d", "s", "t", "re", "l", "A", "B", "xyz", "Xy", "\u01C5", "\u02B0", "ª",
        " ", " ", "  ", "\t", "\n", "\r\n", "\r", "\u00A0", "\u3000", "\u2028", "\u0085", "/", "//", "Ж", "ж", "漢", "あ", "ÀÉ", "é",
        "7", "12", "½", "²", "٣", "Ⅷ", "!", "...", "_", "\u0301", "\u0903", "\u20DD", "\U0001D49C", "\U0001D4B6", "\U00020000", "\U0001D7D8",
        "\U0001F600", "\U0001E8D0", "\uD800", "\uDC00", "\uFFFD", "\uFEFF", "\u200B", "\u200D", "\u180E", "\uE000",
    ];

    [TestMethod]
    [DataRow(Gpt2Pattern.Text, "Oniguruma")]
    [DataRow(Cl100kPattern.Text, "Oniguruma")]
    [DataRow(Cl100kPattern.Qwen2Text, "Oniguruma")]
    [DataRow(Cl100kPattern.TiktokenText, "Rust")]
    [DataRow(O200kPattern.Text, "Oniguruma")]
    [DataRow(" {2,}", "Oniguruma")]
    [DataRow("\\s+", "Oniguruma")]
    [DataRow("[^\\p{L}\\s]{2,}", "Oniguruma")]
    [DataRow("\\P{L}++", "Rust")]
    public void A_hand_written_matcher_equals_the_engine(string pattern, string syntaxName)
    {
        var syntax = Enum.Parse<PatternSyntax>(syntaxName);
        var byHand = TextPatterns.Of(pattern, syntax);
        Assert.IsNotInstanceOfType<CodePointRegex>(byHand);
        var engine = new CodePointRegex(pattern, syntax);
        var random = new Random(17);
        for (var round = 0; round < 20_000; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => s_fragments[random.Next(s_fragments.Length)]));
            Assert.AreSequenceEqual(PatternConstructTests.Matches(engine, text), PatternConstructTests.Matches(byHand, text), Escaped(text));
        }
    }

    [TestMethod]
    [DataRow("\\p{L}", CharacterKind.Letter)]
    [DataRow("\\p{N}", CharacterKind.Number)]
    [DataRow("\\s", CharacterKind.Space)]
    [DataRow("[\\r\\n]", CharacterKind.LineEnd)]
    [DataRow("[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]", CharacterKind.Head)]
    [DataRow("[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]", CharacterKind.Tail)]
    public void A_kind_is_the_class_that_it_stands_for(string pattern, object kind)
    {
        var engine = new CodePointRegex(pattern);
        for (var codePoint = 0; codePoint <= CodePoints.Largest; codePoint++)
        {
            var text = codePoint < 0x10000 ? ((char)codePoint).ToString() : char.ConvertFromUtf32(codePoint);
            var isKind = CharacterKinds.At(text, 0, out var length).IsAny((CharacterKind)kind);
            if (isKind != engine.Next(text, 0, out _, out _) || length != text.Length) Assert.Fail($"U+{codePoint:X4}");
        }
    }

    [TestMethod]
    [DataRow(Gpt2Pattern.Text + "|x")]
    [DataRow("\\s+?")]
    [DataRow("\\s*")]
    [DataRow("\\s{2,3}")]
    [DataRow("(\\s+)+")]
    public void Another_pattern_goes_to_the_engine(string pattern) => Assert.IsInstanceOfType<CodePointRegex>(TextPatterns.Of(pattern));

    private static string Escaped(string text) => string.Concat(text.Select(unit => unit is >= ' ' and < '\u007F' ? unit.ToString() : $"\\u{(int)unit:X4}"));
}
