using System.Text.Json;

namespace Ml.Llm.Golden.Tests.Tokenizers;

/// <summary>parts/post_processors.jsonl: each post-processor in a small tokenizer.</summary>
[TestClass, TestCategory("golden-tokenizers")]
public sealed class PostProcessorTests
{
    private const string FileName = "parts/post_processors.jsonl";

    public static IEnumerable<object[]> Cases => JsonLines.Names(TokenizerCases.Area, FileName);

    [TestMethod, DynamicData(nameof(Cases))]
    public void Texts_and_pairs_are_framed_as_the_peer_does(string name)
    {
        GoldenFolder.Require(TokenizerCases.Area, name);
        var row = JsonLines.Find(TokenizerCases.Area, FileName, name);
        var tokenizer = TokenizerCases.Tokenizer(row.Get("tokenizer"));
        foreach (var item in row.Items("cases"))
        {
            var options = new TokenEncodingOptions { ParseSpecialTokens = true, AddSpecialTokens = item.Get("add_special_tokens").GetBoolean() };
            var (a, b) = (item.Text("a"), item.Get("b").GetString());
            ExpectedEncoding.Check(item, b is null ? tokenizer.Encode(a, options) : tokenizer.Encode(a, b, options), $"{a} | {b}", "a", "b", "add_special_tokens");
        }
    }

    [TestMethod, DynamicData(nameof(Cases))]
    public void It_counts_the_tokens_it_adds(string name)
    {
        GoldenFolder.Require(TokenizerCases.Area, name);
        var row = JsonLines.Find(TokenizerCases.Area, FileName, name);
        var processor = TokenizerCases.Tokenizer(row.Get("tokenizer")).Pipeline.PostProcessor!;
        Assert.AreEqual(row.Integer("added_single"), processor.AddedTokens(pair: false));
        Assert.AreEqual(row.Integer("added_pair"), processor.AddedTokens(pair: true));
    }

    [TestMethod, DynamicData(nameof(Cases))]
    public void It_is_written_as_it_was_read(string name)
    {
        GoldenFolder.Require(TokenizerCases.Area, name);
        var row = JsonLines.Find(TokenizerCases.Area, FileName, name);
        var written = JsonSerializer.Deserialize<JsonElement>(TokenizerCases.Tokenizer(row.Get("tokenizer")).ToJsonBytes()).Get("post_processor");
        Assert.AreEqual(row.Get("tokenizer").Get("post_processor").GetRawText(), written.GetRawText());
        Assert.IsTrue(JsonElement.DeepEquals(row.Get("config"), written), written.GetRawText());
    }
}
