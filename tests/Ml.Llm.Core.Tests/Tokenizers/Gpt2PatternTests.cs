using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Core.Tests.Tokenizers;

[TestClass]
public sealed partial class Gpt2PatternTests
{
    private static readonly string[] s_fragments =
    [
        "'", "s", "t", "re", "r", "ve", "m", "ll", "l", "d", "'s", "'ve", " ", "  ", "\t", "\n", "\r\n", "\u00A0", "\u3000", "\u2028", "\u0085", "x", "Ж", "漢",
        "7", "½", "٣", "Ⅷ", "!", "...", "_", "\u0301", "\U0001D49C", "\U00020000", "\U0001D7D8", "\U0001F600", "\uD800", "\uDC00", "\uFFFD", "\uFEFF", "\u200B", "\u180E",
    ];

    [TestMethod]
    public void The_hand_written_matcher_equals_the_pattern_on_code_points()
    {
        var texts = Gen.Elements(s_fragments).ListOf().Select(fragments => string.Concat(fragments));
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(3000).WithEndSize(40), Prop.ForAll(texts.ToArbitrary(), text =>
            Matches(text).SequenceEqual(ByPattern(text))));
    }

    [TestMethod]
    public void Every_code_point_belongs_to_the_class_that_its_category_says()
    {
        for (var value = 0; value <= 0x10FFFF; value++)
        {
            if (!Rune.IsValid(value)) continue;
            var rune = new Rune(value);
            var expected = Rune.IsWhiteSpace(rune) ? CharacterClass.Space
                : Rune.IsLetter(rune) ? CharacterClass.Letter
                : Rune.IsNumber(rune) ? CharacterClass.Number
                : CharacterClass.Other;
            if (CharacterClasses.At(rune.ToString(), 0, out var length) != expected || length != rune.Utf16SequenceLength)
                Assert.Fail(string.Create(CultureInfo.InvariantCulture, $"U+{value:X4}"));
        }
    }

    private static List<string> Matches(string text)
    {
        var pieces = new List<string>();
        for (var start = 0; start < text.Length;)
        {
            var end = Gpt2Pattern.EndOfMatch(text, start);
            pieces.Add(text[start..end]);
            start = end;
        }

        return pieces;
    }

    /// <summary>The slow twin: each code point beyond ASCII becomes one unit of its class, which .NET's regex then matches.</summary>
    private static List<string> ByPattern(string text)
    {
        var classes = new StringBuilder();
        var starts = new List<int>();
        for (var position = 0; position < text.Length;)
        {
            starts.Add(position);
            Rune.DecodeFromUtf16(text.AsSpan(position), out var rune, out var length);
            classes.Append(rune.IsAscii ? (char)rune.Value
                : Rune.IsWhiteSpace(rune) ? '\u00A0'
                : Rune.IsLetter(rune) ? 'ä'
                : Rune.IsNumber(rune) ? '²'
                : '¿');
            position += length;
        }

        starts.Add(text.Length);
        return Pattern().Matches(classes.ToString()).Select(match => text[starts[match.Index]..starts[match.Index + match.Length]]).ToList();
    }

    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", RegexOptions.CultureInvariant, 10_000)]
    private static partial Regex Pattern();
}
