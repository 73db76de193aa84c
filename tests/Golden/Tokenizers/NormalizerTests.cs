using System.Text.Json;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Golden.Tests;

/// <summary>parts/normalizers.jsonl: each normalizer alone, on every text.</summary>
[TestClass, TestCategory("golden-tokenizers")]
public sealed class NormalizerTests
{
    private const string FileName = "parts/normalizers.jsonl";

    public static IEnumerable<object[]> Cases => JsonLines.Names(TokenizerTexts.Area, FileName);

    [TestMethod, DynamicData(nameof(Cases))]
    public void Texts_are_normalized_as_the_peer_does(string name)
    {
        GoldenFolder.Require(TokenizerTexts.Area, name);
        var row = JsonLines.Find(TokenizerTexts.Area, FileName, name);
        var normalizer = TokenizerTexts.Read(row.Get("config"), NormalizerReader.Read);
        var expected = row.Items("out");
        for (var i = 0; i < expected.Count; i++)
        {
            var original = TokenizerTexts.All[i];
            foreach (var keepsPlaces in new[] { false, true })
            {
                var text = new AlignedText();
                text.Load(original, 0, keepsPlaces);
                normalizer.Normalize(text);
                Assert.AreEqual(expected[i].ValueKind == JsonValueKind.Null ? original : expected[i].GetString(), text.Units.ToString(), $"text {i}");
            }
        }
    }

    [TestMethod, DynamicData(nameof(Cases))]
    public void A_normalizer_is_written_as_it_was_read(string name)
    {
        GoldenFolder.Require(TokenizerTexts.Area, name);
        var config = JsonLines.Find(TokenizerTexts.Area, FileName, name).Get("config");
        TokenizerTexts.AssertWritesBack(config, TokenizerTexts.Read(config, NormalizerReader.Read));
    }
}
