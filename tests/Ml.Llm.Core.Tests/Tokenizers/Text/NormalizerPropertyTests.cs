using System.Text;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Core.Tests.Tokenizers;

/// <summary>What holds for normalizers on any text.</summary>
[TestClass]
public sealed class NormalizerPropertyTests
{
    private static readonly string[] s_normalizers =
    [
        """{"type":"NFC"}""", """{"type":"NFD"}""", """{"type":"NFKC"}""", """{"type":"NFKD"}""", """{"type":"Lowercase"}""", """{"type":"StripAccents"}""", """{"type":"Nmt"}""",
        """{"type":"ByteLevel"}""", """{"type":"Strip","strip_left":true,"strip_right":true}""", """{"type":"Prepend","prepend":"▁x"}""", """{"type":"Append","append":"x▁"}""",
        """{"type":"Replace","pattern":{"String":" "},"content":"__"}""", """{"type":"Replace","pattern":{"Regex":"\\s+"},"content":""}""",
        """{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true}""",
        """{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"NFKD"},{"type":"StripAccents"},{"type":"Strip","strip_left":true,"strip_right":false}]}""",
    ];

    public static IEnumerable<object[]> Normalizers => s_normalizers.Select(static json => new object[] { json });

    [TestMethod, DynamicData(nameof(Normalizers))]
    public void Places_are_characters_of_the_text_and_never_go_back(string json)
    {
        var normalizer = TextParts.Normalizer(json);
        TextParts.ForAll(text =>
        {
            var normalized = TextParts.Normalize(normalizer, text);
            var (start, end) = (0, 0);
            for (var unit = 0; unit < normalized.Length; unit++)
            {
                if (normalized.StartOf(unit) < start || normalized.EndOf(unit) < end) return false;
                (start, end) = (normalized.StartOf(unit), normalized.EndOf(unit));
                if (end > text.Length || IsInsidePair(text, start) || IsInsidePair(text, end) || (text.Length > 0 && start >= end)) return false;
            }

            return true;
        });
    }

    [TestMethod, DynamicData(nameof(Normalizers))]
    public void Without_places_the_text_and_its_beginning_are_the_same(string json)
    {
        var normalizer = TextParts.Normalizer(json);
        TextParts.ForAll(text =>
        {
            var with = TextParts.Normalize(normalizer, text);
            var without = TextParts.Normalize(normalizer, text, keepsPlaces: false);
            if (!with.Units.SequenceEqual(without.Units)) return false;
            for (var unit = 0; unit < with.Length; unit++)
            {
                if (with.StandsForFirst(unit) != without.StandsForFirst(unit) || with.StandsForFirst(unit) != (with.StartOf(unit) == 0)) return false;
            }

            return true;
        });
    }

    [TestMethod]
    public void Normal_forms_are_those_of_the_runtime()
    {
        foreach (var (name, form) in new[] { ("NFC", NormalizationForm.FormC), ("NFD", NormalizationForm.FormD), ("NFKC", NormalizationForm.FormKC), ("NFKD", NormalizationForm.FormKD) })
        {
            var normalizer = TextParts.Normalizer($$"""{"type":"{{name}}"}""");
            TextParts.ForAll(text =>
            {
                var wellFormed = TextParts.Load(text).Units.ToString();
                return TextParts.Normalize(normalizer, text).Units.SequenceEqual(wellFormed.Normalize(form));
            });
        }
    }

    [TestMethod]
    public void Bert_in_one_pass_equals_its_steps()
    {
        var options = from clean in new[] { false, true }
                      from chinese in new[] { false, true }
                      from accents in new bool?[] { null, false, true }
                      from lower in new[] { false, true }
                      select new BertNormalizerOptions(clean, chinese, accents, lower);
        foreach (var normalizer in options.Select(static option => new BertNormalizer(option)))
        {
            TextParts.ForAll(text =>
            {
                var fast = TextParts.Normalize(normalizer, text);
                var slow = TextParts.Load(text);
                normalizer.NormalizeStepByStep(slow);
                if (!fast.Units.SequenceEqual(slow.Units)) return false;
                return Enumerable.Range(0, fast.Length).All(unit => fast.StartOf(unit) == slow.StartOf(unit) && fast.EndOf(unit) == slow.EndOf(unit));
            });
        }
    }

    [TestMethod, Timeout(30_000, CooperativeCancellation = true)]
    [DataRow("NFC"), DataRow("NFD"), DataRow("NFKC"), DataRow("NFKD")]
    public void A_million_marks_on_one_letter_take_linear_time(string name)
    {
        var storm = "a" + string.Concat(Enumerable.Repeat("\u0301\u0316\u0327", 350_000));
        var normalized = TextParts.Normalize(TextParts.Normalizer($$"""{"type":"{{name}}"}"""), storm);
        Assert.IsLessThanOrEqualTo(storm.Length, normalized.Length);
        Assert.AreEqual('\u0327', normalized.Units[normalized.Units.IndexOf('\u0327')]);
    }

    [TestMethod]
    public void Replaced_text_has_the_place_of_the_last_character_of_the_match()
    {
        var text = TextParts.Normalize(TextParts.Normalizer("""{"type":"Replace","pattern":{"Regex":"b+"},"content":"xy"}"""), "abbbc");
        Assert.AreEqual("axyc", text.Units.ToString());
        Assert.AreSequenceEqual(new[] { (0, 1), (3, 4), (3, 4), (4, 5) }, Enumerable.Range(0, 4).Select(unit => (text.StartOf(unit), text.EndOf(unit))));
    }

    private static bool IsInsidePair(string text, int position) =>
        position > 0 && position < text.Length && char.IsSurrogatePair(text[position - 1], text[position]);
}
