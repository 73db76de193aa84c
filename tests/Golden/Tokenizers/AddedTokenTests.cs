using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ml.Llm.Golden.Tests.Tokenizers;

/// <summary>added/: tokens that were added to tokenizers, read from their files and added here.</summary>
[TestClass, TestCategory("golden-tokenizers")]
public sealed class AddedTokenTests
{
    private static readonly TokenEncodingOptions s_everything = new() { ParseSpecialTokens = true };

    public static IEnumerable<object[]> Cases =>
        GoldenFolder.Rows(TokenizerCases.Area, "added/cases.jsonl", static _ => TokenizerCases.Lines("added", "cases.jsonl").Select(static line => line.Text("tokenizer")));

    [TestMethod, DynamicData(nameof(Cases))]
    public void They_are_found_as_the_peer_finds_them(string name)
    {
        GoldenFolder.Require(TokenizerCases.Area, name);
        Check(TokenizerCases.Tokenizer("added", name), Row(name));
    }

    [TestMethod, DynamicData(nameof(Cases))]
    public void Tokens_added_here_give_the_same_file_and_are_found_the_same(string name)
    {
        GoldenFolder.Require(TokenizerCases.Area, name);
        var file = Path.Combine(TokenizerCases.Root, "added", name);
        var json = JsonNode.Parse(File.ReadAllBytes(file))!;
        var tokens = json["added_tokens"]!.AsArray().Select(static token => new AddedTokenOptions((string)token!["content"]!)
        {
            SingleWord = (bool)token["single_word"]!,
            Lstrip = (bool)token["lstrip"]!,
            Rstrip = (bool)token["rstrip"]!,
            Normalized = (bool)token["normalized"]!,
            Special = (bool)token["special"]!,
        }).ToList();
        json["added_tokens"] = new JsonArray();
        var bare = TokenizerCases.Tokenizer(JsonSerializer.SerializeToElement(json));

        var extended = bare.AddTokens(tokens);

        Assert.AreSequenceEqual(File.ReadAllBytes(file), extended.ToJsonBytes());
        Assert.IsEmpty(JsonNode.Parse(bare.ToJsonBytes())!["added_tokens"]!.AsArray(), "The tokenizer that tokens are added to stays as it is.");
        Check(extended, Row(name));
        Assert.AreEqual(extended.Fingerprint, extended.AddTokens(tokens).Fingerprint);
    }

    private static JsonElement Row(string name) => TokenizerCases.Lines("added", "cases.jsonl").Single(line => line.Text("tokenizer") == name);

    private static void Check(LanguageModelTokenizer tokenizer, JsonElement row)
    {
        Assert.AreEqual(row.Integer("vocab_size"), tokenizer.VocabularySize);
        foreach (var item in row.Items("cases"))
        {
            var text = item.Text("text");
            var encoding = tokenizer.Encode(text, s_everything);
            ExpectedEncoding.Check(item, encoding, text, "text", "decoded", "decoded_skip", "ids_special_as_text");
            Assert.AreEqual(item.Text("decoded"), tokenizer.Decode(encoding.Ids), text);
            Assert.AreEqual(item.Text("decoded_skip"), tokenizer.Decode(encoding.Ids, skipSpecialTokens: true), text);
            if (item.TryGetProperty("ids_special_as_text", out _))
                Assert.AreSequenceEqual(item.Ints("ids_special_as_text"), tokenizer.Encode(text).Ids.ToArray(), text);
        }
    }
}
