using System.Text.Json;

namespace Ml.Llm.Golden.Tests.Real;

/// <summary>The texts of golden/real as the tokenizers of the real models write them.</summary>
[TestClass]
[TestCategory("golden-real")]
public sealed class RealTokenizerTests
{
    private const string Area = "real";

    private static readonly TokenEncodingOptions s_marked = new() { AddSpecialTokens = false, ParseSpecialTokens = true };

    // Files that say which model they are of: sentences, prompts and paragraphs, each with its ids.
    public static IEnumerable<object[]> Models => GoldenFolder.List(Area, static folder =>
        Directory.EnumerateFiles(folder, "*.json").Where(static file => Json.Read(file).ValueKind == JsonValueKind.Object).Select(static file => Path.GetFileName(file)));

    // Lists of texts, NAME_tokenizer.json beside NAME.json.
    public static IEnumerable<object[]> Lists => GoldenFolder.List(Area, static folder =>
        Directory.EnumerateFiles(folder, "*_tokenizer.json").Select(static file => Path.GetFileName(file)));

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void Texts_of_a_model_give_its_ids(string file)
    {
        GoldenFolder.Require(Area, file);
        var json = Json.Read(GoldenFolder.At(Area, file));
        var tokenizer = TokenizerOf(json);
        var length = json.TryGetProperty("max_length", out var most) ? most.GetInt32() : (int?)null;
        var compared = 0;
        foreach (var list in (string[])["sentences", "prompts", "paragraphs"])
        {
            if (!json.TryGetProperty(list, out var rows))
                continue;
            foreach (var row in rows.EnumerateArray())
            {
                // A length means an encoder, which takes texts with its special tokens around them.
                var encoding = tokenizer.Encode(row.Text("text"), length is { } limit
                    ? new TokenEncodingOptions { Truncation = new TruncationOptions { MaxLength = limit }, Padding = PaddingOptions.None }
                    : s_marked);
                Assert.AreSequenceEqual(Ids(row.Get("ids")), encoding.Ids.ToArray(), row.Text("text"));
                if (row.TryGetProperty("tokens", out var tokens))
                    Assert.AreSequenceEqual(tokens.Deserialize<string[]>()!, encoding.Tokens.ToArray(), row.Text("text"));
                compared++;
            }
        }

        Assert.AreNotEqual(0, compared);
    }

    [TestMethod]
    [DynamicData(nameof(Lists))]
    public void Listed_texts_give_their_ids_and_come_back(string file)
    {
        GoldenFolder.Require(Area, file);
        var tokenizer = TokenizerOf(Json.Read(GoldenFolder.At(Area, file.Replace("_tokenizer", "", StringComparison.Ordinal))));
        var compared = 0;
        foreach (var row in Json.Read(GoldenFolder.At(Area, file)).EnumerateArray())
        {
            var text = row.Text("text");
            // Where Hugging Face's library and llama.cpp part ways, tokenizer.json means the former.
            var expected = Ids(row.Get(row.Get("tokenizers_ids").ValueKind == JsonValueKind.Null ? "ids" : "tokenizers_ids"));
            Assert.AreSequenceEqual(expected, tokenizer.Encode(text, s_marked).Ids.ToArray(), text);
            Assert.AreSequenceEqual(Ids(row.Get("ids_special_as_text")), tokenizer.EncodeToIds(text).ToArray(), text);
            Assert.AreEqual(row.Text("decoded"), tokenizer.Decode(Ids(row.Get("ids"))), text);
            compared++;
        }

        Assert.AreNotEqual(0, compared);
    }

    // The model's path without its ending and quantization, such as SmolLM2-135M-Instruct, is the tokenizer's folder.
    private static LanguageModelTokenizer TokenizerOf(JsonElement json) =>
        LanguageModelTokenizer.FromPretrained(GoldenFolder.At("tokenizers", "real", Path.GetFileName(json.Text("model")).Split('.')[0]));

    private static int[] Ids(JsonElement ids) => ids.Deserialize<int[]>()!;
}
