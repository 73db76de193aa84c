using System.Text.Json;

namespace Ml.Llm.Golden.Tests.Tokenizers;

[TestClass, TestCategory("golden-tokenizers")]
public sealed class GoldenEncodingTests
{
    private static readonly TokenEncodingOptions s_everything = new() { ParseSpecialTokens = true };

    public static IEnumerable<object[]> Models() => Directory.Exists(TokenizerCases.Root)
        ? TokenizerCases.ByteLevelFolders("models").Select(folder => new object[] { Path.GetFileName(folder) })
        : [[""]];

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void Texts_give_the_ids_tokens_and_offsets_of_Hugging_Face(string model)
    {
        TokenizerCases.Require();
        var tokenizer = LanguageModelTokenizer.FromPretrained(Path.Combine(TokenizerCases.Root, "models", model));
        var texts = TokenizerCases.Lines("texts.jsonl").ToDictionary(line => line.GetProperty("i").GetInt32(), line => line.GetProperty("text").GetString()!);
        var cases = 0;
        foreach (var line in TokenizerCases.Lines("models", model, "expected.jsonl"))
        {
            var text = texts[line.GetProperty("i").GetInt32()];
            var encoding = tokenizer.Encode(text, s_everything);
            Compare(encoding, line, text);
            Assert.AreEqual(line.GetProperty("decoded").GetString(), tokenizer.Decode(encoding.Ids), text);
            Assert.AreEqual(line.GetProperty("decoded_skip").GetString(), tokenizer.Decode(encoding.Ids, skipSpecialTokens: true), text);
            cases++;
        }

        Assert.AreNotEqual(0, cases);
    }

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void Ids_give_the_text_of_Hugging_Face_at_once_and_as_a_stream(string model)
    {
        TokenizerCases.Require();
        var tokenizer = LanguageModelTokenizer.FromPretrained(Path.Combine(TokenizerCases.Root, "models", model));
        var cases = 0;
        foreach (var line in TokenizerCases.Lines("models", model, "decode.jsonl"))
        {
            var ids = line.Ints("ids");
            Assert.AreEqual(line.GetProperty("decoded").GetString(), tokenizer.Decode(ids));
            Assert.AreEqual(line.GetProperty("decoded_skip").GetString(), tokenizer.Decode(ids, skipSpecialTokens: true));
            CompareStream(tokenizer, ids, line.GetProperty("stream"), skip: false);
            CompareStream(tokenizer, ids, line.GetProperty("stream_skip"), skip: true);
            cases++;
        }

        Assert.AreNotEqual(0, cases);
    }

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void A_tokenizer_that_was_read_is_written_byte_for_byte(string model)
    {
        TokenizerCases.Require();
        var folder = Path.Combine(TokenizerCases.Root, "models", model);
        Assert.AreSequenceEqual(
            File.ReadAllBytes(Path.Combine(folder, "tokenizer.json")), LanguageModelTokenizer.FromPretrained(folder).ToJsonBytes());
    }

    [TestMethod]
    public void Added_tokens_are_found_as_Hugging_Face_finds_them()
    {
        TokenizerCases.Require();
        var cases = 0;
        foreach (var line in TokenizerCases.Lines("added", "cases.jsonl"))
        {
            var file = Path.Combine(TokenizerCases.Root, "added", line.GetProperty("tokenizer").GetString()!);
            if (!TokenizerCases.IsByteLevel(TokenizerCases.Json(file))) continue;
            var tokenizer = LanguageModelTokenizer.FromPretrained(file);
            Assert.AreEqual(line.GetProperty("vocab_size").GetInt32(), tokenizer.VocabularySize);
            foreach (var row in line.GetProperty("cases").EnumerateArray())
            {
                var text = row.GetProperty("text").GetString()!;
                var encoding = tokenizer.Encode(text, s_everything);
                Compare(encoding, row, $"{file}: {text}");
                Assert.AreEqual(row.GetProperty("decoded").GetString(), tokenizer.Decode(encoding.Ids), text);
                Assert.AreEqual(row.GetProperty("decoded_skip").GetString(), tokenizer.Decode(encoding.Ids, skipSpecialTokens: true), text);
                if (row.TryGetProperty("ids_special_as_text", out _))
                    Assert.AreSequenceEqual(row.Ints("ids_special_as_text"), tokenizer.EncodeToIds(text).ToArray(), text);
                cases++;
            }
        }

        Assert.AreNotEqual(0, cases);
    }

    private static void Compare(TokenEncoding encoding, JsonElement expected, string what)
    {
        Assert.AreSequenceEqual(expected.Ints("ids"), encoding.Ids.ToArray(), $"ids of {what}");
        Assert.AreSequenceEqual(expected.GetProperty("tokens").Deserialize<string[]>()!, encoding.Tokens.ToArray(), $"tokens of {what}");
        var offsets = expected.TryGetProperty("offsets_utf16", out _) ? "offsets_utf16" : "offsets";
        Assert.AreSequenceEqual(expected.Ints(offsets), encoding.Offsets.ToArray(), $"offsets of {what}");
        Assert.AreSequenceEqual(expected.GetProperty("word_ids").Deserialize<int?[]>()!, encoding.Words.ToArray(), $"words of {what}");
    }

    private static void CompareStream(LanguageModelTokenizer tokenizer, int[] ids, JsonElement expected, bool skip)
    {
        var decoder = new StreamingDecoder(tokenizer, skip);
        var pieces = ids.Select(id => decoder.Append(id)).ToArray();
        var wanted = expected.EnumerateArray().Select(piece => piece.GetString() ?? "").ToArray();
        Assert.AreSequenceEqual(wanted, pieces, $"[{string.Join(", ", ids)}]");
    }
}
