using System.Text.Json;
using Microsoft.ML.Tokenizers;

namespace Ml.Llm.Golden.Tests.Tokenizers;

/// <summary>expected.jsonl, as_is.jsonl, pairs.jsonl and pretokenized.jsonl: each tokenizer on texts, pairs and words.</summary>
[TestClass, TestCategory("golden-tokenizers")]
public sealed class EncodingTests
{
    // The cases were made with special tokens recognized, and without the truncation and padding that a file may carry.
    private static readonly TokenEncodingOptions s_framed = new() { ParseSpecialTokens = true, Truncation = TruncationOptions.None, Padding = PaddingOptions.None };
    private static readonly TokenEncodingOptions s_plain = s_framed with { AddSpecialTokens = false };
    private static readonly TokenEncodingOptions s_asIs = new() { ParseSpecialTokens = true };

    public static IEnumerable<object[]> WithTexts => TokenizerCases.FoldersWith("expected.jsonl", "models", "real");

    public static IEnumerable<object[]> WithPairs => TokenizerCases.FoldersWith("pairs.jsonl", "models", "real");

    public static IEnumerable<object[]> WithWords => TokenizerCases.FoldersWith("pretokenized.jsonl", "models", "real");

    public static IEnumerable<object[]> AsTheyAre => TokenizerCases.FoldersWith("as_is.jsonl", "models", "real");

    [TestMethod, DynamicData(nameof(WithTexts))]
    public void Texts_give_the_ids_tokens_and_offsets_of_the_peer(string folder)
    {
        GoldenFolder.Require(TokenizerCases.Area, folder);
        var tokenizer = TokenizerCases.Tokenizer(folder);
        foreach (var line in TokenizerCases.Lines(folder, "expected.jsonl"))
        {
            var text = TokenizerCases.Texts[(int)line.Integer("i")];
            ExpectedEncoding.Check(line, tokenizer.Encode(text, s_framed), text, "i", "plain_ids", "decoded", "decoded_skip", "sentencepiece_ids");
            var plain = line.Ints(line.TryGetProperty("plain_ids", out _) ? "plain_ids" : "ids");
            Assert.AreSequenceEqual(plain, tokenizer.Encode(text, s_plain).Ids.ToArray(), $"plain ids of {text}");
        }
    }

    [TestMethod, DynamicData(nameof(WithTexts))]
    public void All_ways_to_encode_a_text_agree(string folder)
    {
        GoldenFolder.Require(TokenizerCases.Area, folder);
        var tokenizer = TokenizerCases.Tokenizer(folder);
        Tokenizer asTheirs = tokenizer;
        foreach (var text in TokenizerCases.Texts.Values)
        {
            var encoding = tokenizer.Encode(text, s_framed with { ParseSpecialTokens = false });
            var ids = encoding.Ids.ToArray();
            Assert.AreSequenceEqual(ids, asTheirs.EncodeToIds(text).ToArray(), $"ids of {text}");
            Assert.AreEqual(ids.Length, asTheirs.CountTokens(text), text);
            var tokens = asTheirs.EncodeToTokens(text, out var normalized);
            Assert.IsNull(normalized);
            Assert.AreSequenceEqual(ids, tokens.Select(static token => token.Id).ToArray(), $"tokens of {text}");
            Assert.AreSequenceEqual(encoding.Offsets.ToArray(), tokens.SelectMany(static token => new[] { token.Offset.Start.Value, token.Offset.End.Value }).ToArray(), text);
            var limited = asTheirs.EncodeToIds(text, int.MaxValue - 1, out _, out var consumed);
            Assert.AreSequenceEqual(ids, limited.ToArray(), $"limited ids of {text}");
            Assert.AreEqual(text.Length, consumed, text);
            var into = new List<int>();
            tokenizer.EncodeInto(text, into);
            Assert.AreSequenceEqual(tokenizer.Encode(text, s_plain with { ParseSpecialTokens = false }).Ids.ToArray(), into.ToArray(), $"plain ids of {text}");
        }
    }

    [TestMethod, DynamicData(nameof(WithTexts))]
    public void A_batch_on_many_threads_gives_what_one_by_one_gives(string folder)
    {
        GoldenFolder.Require(TokenizerCases.Area, folder);
        var tokenizer = TokenizerCases.Tokenizer(folder);
        string[] texts = [.. TokenizerCases.Texts.Values];
        var options = s_framed with { Truncation = new() { MaxLength = 40 } };
        foreach (var threads in new[] { 1, 4 })
        {
            var batch = tokenizer.EncodeBatch(texts, options, threads);
            Assert.HasCount(texts.Length, batch);
            for (var i = 0; i < texts.Length; i++) ExpectedEncoding.CheckEqual(tokenizer.Encode(texts[i], options), batch[i], texts[i]);
        }
    }

    [TestMethod, DynamicData(nameof(AsTheyAre))]
    public void Truncation_and_padding_of_the_file_are_heeded(string folder)
    {
        GoldenFolder.Require(TokenizerCases.Area, folder);
        var tokenizer = TokenizerCases.Tokenizer(folder);
        foreach (var line in TokenizerCases.Lines(folder, "as_is.jsonl"))
        {
            var text = TokenizerCases.Texts[(int)line.Integer("i")];
            ExpectedEncoding.Check(line, tokenizer.Encode(text, s_asIs), text, "i");
        }
    }

    [TestMethod, DynamicData(nameof(WithPairs))]
    public void Pairs_are_encoded_as_one(string folder)
    {
        GoldenFolder.Require(TokenizerCases.Area, folder);
        var tokenizer = TokenizerCases.Tokenizer(folder);
        foreach (var line in TokenizerCases.Lines(folder, "pairs.jsonl"))
        {
            var (a, b) = (TokenizerCases.Texts[(int)line.Integer("a")], TokenizerCases.Texts[(int)line.Integer("b")]);
            ExpectedEncoding.Check(line, tokenizer.Encode(a, b, s_framed), $"{a} | {b}", "a", "b", "plain_ids", "plain_type_ids");
            if (!line.TryGetProperty("plain_ids", out _)) continue;
            var plain = tokenizer.Encode(a, b, s_plain);
            Assert.AreSequenceEqual(line.Ints("plain_ids"), plain.Ids.ToArray(), $"plain ids of {a} | {b}");
            Assert.AreSequenceEqual(line.Ints("plain_type_ids"), plain.TypeIds.ToArray(), $"plain types of {a} | {b}");
        }
    }

    [TestMethod, DynamicData(nameof(WithWords))]
    public void Words_are_encoded_each_alone(string folder)
    {
        GoldenFolder.Require(TokenizerCases.Area, folder);
        var tokenizer = TokenizerCases.Tokenizer(folder);
        foreach (var line in TokenizerCases.Lines(folder, "pretokenized.jsonl"))
        {
            string[] words = [.. line.Get("words").EnumerateArray().Select(static word => word.GetString()!)];
            var (encoding, what) = (tokenizer.EncodeWords(words, s_framed), string.Join(" | ", words));
            Assert.AreSequenceEqual(line.Ints("ids"), encoding.Ids.ToArray(), $"ids of {what}");
            Assert.AreSequenceEqual(line.Get("tokens").Deserialize<string[]>()!, encoding.Tokens.ToArray(), $"tokens of {what}");
            var wordIds = line.Get("word_ids").Deserialize<int?[]>()!;
            Assert.AreSequenceEqual(wordIds, encoding.Words.ToArray(), $"word_ids of {what}");

            // These cases tell offsets in code points only.
            var offsets = line.Ints("offsets").Select((offset, i) => wordIds[i / 2] is { } word ? Utf16Of(words[word], offset) : offset).ToArray();
            Assert.AreSequenceEqual(offsets, encoding.Offsets.ToArray(), $"offsets of {what}");
        }
    }

    private static int Utf16Of(string text, int codePoints) => text.EnumerateRunes().Take(codePoints).Sum(static rune => rune.Utf16SequenceLength);
}
