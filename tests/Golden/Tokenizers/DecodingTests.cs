using System.Text.Json;

namespace Ml.Llm.Golden.Tests.Tokenizers;

/// <summary>expected.jsonl and decode.jsonl: ids as text, at once and as a stream.</summary>
[TestClass, TestCategory("golden-tokenizers")]
public sealed class DecodingTests
{
    public static IEnumerable<object[]> WithTexts => TokenizerCases.FoldersWith("expected.jsonl", "models", "real");

    public static IEnumerable<object[]> WithIds => TokenizerCases.FoldersWith("decode.jsonl", "models", "real");

    [TestMethod, DynamicData(nameof(WithTexts))]
    public void Ids_of_texts_give_the_text_of_the_peer(string folder)
    {
        GoldenFolder.Require(TokenizerCases.Area, folder);
        var tokenizer = TokenizerCases.Tokenizer(folder);
        foreach (var line in TokenizerCases.Lines(folder, "expected.jsonl")) CheckText(tokenizer, line);
    }

    [TestMethod, DynamicData(nameof(WithIds))]
    public void Random_ids_give_the_text_of_the_peer_at_once_and_as_a_stream(string folder)
    {
        GoldenFolder.Require(TokenizerCases.Area, folder);
        var tokenizer = TokenizerCases.Tokenizer(folder);
        foreach (var line in TokenizerCases.Lines(folder, "decode.jsonl"))
        {
            CheckText(tokenizer, line);
            CheckStream(tokenizer, line, "stream", skip: false);
            CheckStream(tokenizer, line, "stream_skip", skip: true);
        }
    }

    private static void CheckText(LanguageModelTokenizer tokenizer, JsonElement line)
    {
        var ids = line.Ints("ids");
        Assert.AreEqual(line.Text("decoded"), tokenizer.Decode(ids), $"[{string.Join(", ", ids)}]");
        Assert.AreEqual(line.Text("decoded_skip"), tokenizer.Decode(ids, skipSpecialTokens: true), $"[{string.Join(", ", ids)}]");
    }

    private static void CheckStream(LanguageModelTokenizer tokenizer, JsonElement line, string name, bool skip)
    {
        var decoder = new StreamingDecoder(tokenizer, skip);
        var pieces = line.Ints("ids").Select(decoder.Append).ToArray();

        // Where the peer's own stream fails, ours gives some text without failing.
        if (line.TryGetProperty($"{name}_error", out _)) return;
        var expected = line.Get(name).EnumerateArray().Select(static piece => piece.GetString() ?? "").ToArray();
        Assert.AreSequenceEqual(expected, pieces, $"[{string.Join(", ", line.Ints("ids"))}]");
    }
}
