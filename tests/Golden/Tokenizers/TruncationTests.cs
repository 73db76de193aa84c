using System.Text.Json;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Golden.Tests.Tokenizers;

/// <summary>truncation.jsonl: cutting and padding of texts, pairs and batches.</summary>
[TestClass, TestCategory("golden-tokenizers")]
public sealed class TruncationTests
{
    public static IEnumerable<object[]> Folders => TokenizerCases.FoldersWith("truncation.jsonl", "models", "real");

    [TestMethod, DynamicData(nameof(Folders))]
    public void Encodings_are_cut_and_padded_as_the_peer_does(string folder)
    {
        GoldenFolder.Require(TokenizerCases.Area, folder);
        var tokenizer = TokenizerCases.Tokenizer(folder);
        foreach (var line in TokenizerCases.Lines(folder, "truncation.jsonl"))
        {
            var (options, what) = (OptionsOf(line), $"{line.Get("truncation")} {line.Get("padding")}");
            if (line.TryGetProperty("batch", out var batch)) CheckBatch(tokenizer, batch, line, options, what);
            else CheckOne(tokenizer, line, options, what);
        }
    }

    private static void CheckOne(LanguageModelTokenizer tokenizer, JsonElement line, TokenEncodingOptions options, string what)
    {
        var first = TokenizerCases.Texts[(int)line.Integer("a")];
        var second = line.Get("b").ValueKind == JsonValueKind.Null ? null : TokenizerCases.Texts[(int)line.Integer("b")];
        TokenEncoding Encode() => second is null ? tokenizer.Encode(first, options) : tokenizer.Encode(first, second, options);
        if (line.TryGetProperty("error", out _)) Assert.Throws<ArgumentException>(Encode, what);
        else ExpectedEncoding.Check(line, Encode(), $"{first} | {second} with {what}", "a", "b", "truncation", "padding");
    }

    private static void CheckBatch(LanguageModelTokenizer tokenizer, JsonElement batch, JsonElement line, TokenEncodingOptions options, string what)
    {
        string[] texts = [.. batch.EnumerateArray().Select(static i => TokenizerCases.Texts[i.GetInt32()])];
        var expected = line.Items("encodings");
        var encodings = tokenizer.EncodeBatch(texts, options, threads: 2);
        Assert.HasCount(expected.Count, encodings, what);
        for (var i = 0; i < texts.Length; i++) ExpectedEncoding.Check(expected[i], encodings[i], $"{texts[i]} with {what}");
    }

    // Both are given as a file holds them.
    private static TokenEncodingOptions OptionsOf(JsonElement line) => JsonPart.Read(
        System.Text.Encoding.UTF8.GetBytes(line.GetRawText()),
        "case",
        static root => new TokenEncodingOptions
        {
            ParseSpecialTokens = true,
            Truncation = LengthParts.ReadTruncation(root.Optional("truncation")) ?? TruncationOptions.None,
            Padding = LengthParts.ReadPadding(root.Optional("padding")) ?? PaddingOptions.None,
        });
}
