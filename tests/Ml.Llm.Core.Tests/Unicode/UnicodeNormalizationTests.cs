using System.Globalization;
using System.Text;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Core.Tests.Unicode;

/// <summary>Against the runtime's normalization, on the characters that Unicode 9.0 had (later ones are left as they are here).</summary>
[TestClass]
public sealed class UnicodeNormalizationTests
{
    [TestMethod]
    [DataRow(NormalizationForm.FormD)]
    [DataRow(NormalizationForm.FormKD)]
    public void Decompositions_are_those_of_the_runtime(NormalizationForm form)
    {
        var parts = new int[UnicodeTables.LongestDecomposition];
        var newer = 0;
        foreach (var (codePoint, text) in Assigned())
        {
            var count = UnicodeTables.Decompose(codePoint, form == NormalizationForm.FormKD, parts);
            var ours = string.Concat(parts.Take(count).Select(char.ConvertFromUtf32));
            var theirs = text.Normalize(form);
            if (ours == theirs) continue;
            Assert.AreEqual(text, ours, $"U+{codePoint:X4}");
            newer++;
        }

        Assert.IsLessThanOrEqualTo(140, newer);
    }

    [TestMethod]
    public void Two_parts_compose_into_what_they_come_from()
    {
        var composed = 0;
        var own = new int[UnicodeTables.LongestDecomposition];
        foreach (var (codePoint, text) in Assigned())
        {
            var parts = text.Normalize(NormalizationForm.FormD);
            if (!text.IsNormalized(NormalizationForm.FormC) || parts == text) continue;
            // The first part may itself be composed: ạ̈ is ạ and the rest.
            if (UnicodeTables.Decompose(codePoint, compatibility: false, own) != 2) continue;
            Assert.AreEqual(codePoint, UnicodeTables.Compose(own[0], own[1]), $"U+{codePoint:X4}");
            composed++;
        }

        Assert.IsGreaterThan(1000, composed);
        Assert.AreEqual(0xAC01, UnicodeTables.Compose(0xAC00, 0x11A8));
        Assert.AreEqual(-1, UnicodeTables.Compose(0xAC01, 0x11A8));
        Assert.AreEqual(-1, UnicodeTables.Compose('a', 'b'));
        Assert.AreEqual(-1, UnicodeTables.Compose(0x915, 0x93C));
    }

    [TestMethod]
    [DataRow(NormalizationForm.FormC)]
    [DataRow(NormalizationForm.FormD)]
    [DataRow(NormalizationForm.FormKC)]
    [DataRow(NormalizationForm.FormKD)]
    public void What_a_form_changes_is_not_stable_in_it(NormalizationForm form)
    {
        var parts = new int[UnicodeTables.LongestDecomposition];
        foreach (var (codePoint, text) in Assigned())
        {
            var isOurs = UnicodeTables.Decompose(codePoint, compatibility: true, parts) > 1 || parts[0] != codePoint || UnicodeTables.CombiningClassOf(codePoint) != 0;
            if (isOurs && text.Normalize(form) != text) Assert.IsFalse(UnicodeTables.IsStable(form, codePoint), $"U+{codePoint:X4}");
            if (UnicodeTables.CombiningClassOf(codePoint) != 0) Assert.IsFalse(UnicodeTables.IsStable(form, codePoint), $"U+{codePoint:X4}");
        }

        Assert.IsTrue(UnicodeTables.IsStable(form, 'a'));
        Assert.AreEqual(form is NormalizationForm.FormC or NormalizationForm.FormKC, UnicodeTables.IsStable(form, 0xE9));
    }

    private static IEnumerable<(int CodePoint, string Text)> Assigned() => Enumerable.Range(0, 0x110000)
        .Where(static codePoint => Rune.IsValid(codePoint) && UnicodeTables.CategoryOf(codePoint) != UnicodeCategory.OtherNotAssigned)
        .Select(static codePoint => (codePoint, char.ConvertFromUtf32(codePoint)));
}
