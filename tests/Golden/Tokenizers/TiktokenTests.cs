using System.Text;
using System.Text.Json;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Golden.Tests.Tokenizers;

/// <summary>The tokenizer of tiktoken's ranks: ids, where tokens begin, and text again.</summary>
[TestClass, TestCategory("golden-tokenizers")]
public sealed class TiktokenTests
{
    private const string Folder = "tiktoken";

    public static IEnumerable<object[]> Files => GoldenFolder.List(TokenizerCases.Area, static root =>
        Directory.Exists(Path.Combine(root, Folder)) ? Directory.EnumerateFiles(Path.Combine(root, Folder), "*.tiktoken").Select(static file => Path.GetFileName(file)) : []);

    [TestMethod, DynamicData(nameof(Files))]
    public void Texts_give_the_ids_and_places_of_the_peer(string file)
    {
        GoldenFolder.Require(TokenizerCases.Area, file);
        var tokenizer = Read(file);
        foreach (var (token, id) in SpecialTokens()) Assert.AreSequenceEqual([id], tokenizer.Encode(token, new() { ParseSpecialTokens = true }).Ids.ToArray(), token);

        // The ids were made with special tokens in the text taken as text.
        foreach (var line in TokenizerCases.Lines(Folder, "expected.jsonl"))
        {
            var text = line.TryGetProperty("text", out var own) ? own.GetString()! : TokenizerCases.Texts[(int)line.Integer("i")];
            var encoding = tokenizer.Encode(text);
            Assert.AreSequenceEqual(line.Ints("ids"), encoding.Ids.ToArray(), text);
            var starts = encoding.Offsets.Where(static (_, i) => i % 2 == 0).Select(offset => CodePointsBefore(text, offset));
            Assert.AreSequenceEqual(line.Ints("offsets"), starts.ToArray(), text);
            if (line.TryGetProperty("ids_with_special", out _))
                Assert.AreSequenceEqual(line.Ints("ids_with_special"), tokenizer.Encode(text, new() { ParseSpecialTokens = true }).Ids.ToArray(), text);
        }
    }

    [TestMethod, DynamicData(nameof(Files))]
    public void Ids_give_the_bytes_and_text_of_the_peer(string file)
    {
        GoldenFolder.Require(TokenizerCases.Area, file);
        var tokenizer = Read(file);
        var special = SpecialTokens();
        foreach (var line in TokenizerCases.Lines(Folder, "decode.jsonl"))
        {
            var ids = line.Ints("ids");
            Assert.AreEqual(line.Text("text"), tokenizer.Decode(ids), $"{line}");
            var bytes = ids.SelectMany(id => BytesOf(tokenizer.TokenOf(id)!, special));
            Assert.AreSequenceEqual(line.Ints("bytes"), bytes.Select(static value => (int)value).ToArray(), $"{line}");
        }
    }

    [TestMethod, DynamicData(nameof(Files))]
    public void The_written_tokenizer_json_gives_the_same_ids(string file)
    {
        GoldenFolder.Require(TokenizerCases.Area, file);
        var tokenizer = Read(file);
        using var stream = new MemoryStream(tokenizer.ToJsonBytes());
        var again = LanguageModelTokenizer.FromStream(stream);
        Assert.AreEqual(tokenizer.VocabularySize, again.VocabularySize);
        foreach (var text in TokenizerCases.Texts.Values)
            Assert.AreSequenceEqual(tokenizer.Encode(text, new() { ParseSpecialTokens = true }).Ids.ToArray(), again.Encode(text, new() { ParseSpecialTokens = true }).Ids.ToArray(), text);
    }

    private static LanguageModelTokenizer Read(string file)
    {
        var encoding = EncodingFile();
        Assert.IsTrue(encoding.Text("ranks_file").StartsWith(file, StringComparison.Ordinal), $"encoding.json is not about {file}.");
        var tokenizer = LanguageModelTokenizer.FromTiktoken(GoldenFolder.At(TokenizerCases.Area, Folder, file), encoding.Text("pat_str"), SpecialTokens());
        Assert.AreEqual(encoding.Integer("max_token_value") + 1, tokenizer.VocabularySize);
        return tokenizer;
    }

    private static JsonElement EncodingFile() => Json.Read(GoldenFolder.At(TokenizerCases.Area, Folder, "encoding.json"));

    private static Dictionary<string, int> SpecialTokens() => EncodingFile().Get("special_tokens").Deserialize<Dictionary<string, int>>()!;

    private static byte[] BytesOf(string token, Dictionary<string, int> special)
    {
        if (special.ContainsKey(token)) return Encoding.UTF8.GetBytes(token);
        Assert.IsTrue(ByteAlphabet.TryGetBytes(token, out var bytes), token);
        return bytes!;
    }

    private static int CodePointsBefore(string text, int offset) => offset - text[..offset].Count(char.IsLowSurrogate);
}
