using System.Text;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Core.Tests.Tokenizers;

[TestClass]
public sealed class StreamingDecoderTests
{
    private static readonly string[] s_tokens =
        ["▁", "▁a", "b", "##c", "d</w>", "é", "<0xE6>", "<0xBC>", "<0xA2>", "<0x41>", "漢", "Ġx", "ð", "Ł", "ĺ", "Ģ", "'s", " .", "\uFFFD", "l", "ll", "|", "<pad>"];

    private static readonly (string Name, ITokenDecoder? Decoder)[] s_decoders =
    [
        ("none", null),
        ("ByteLevel", new ByteLevelDecoder(new ByteLevelOptions())),
        ("WordPiece", new WordPieceDecoder("##", cleanup: true)),
        ("Metaspace", new MetaspaceDecoder("▁", "always", split: true)),
        ("BPEDecoder", new BytePairDecoder("</w>")),
        ("ByteFallback", new SequenceDecoder([new ByteFallbackDecoder(), new FuseDecoder(), new StripDecoder(" ", 1, 0)])),
        ("CTC", new CtcDecoder("<pad>", "|", cleanup: true)),
    ];

    [TestMethod]
    public void Pieces_equal_those_of_decoding_all_that_came_again_and_again()
    {
        foreach (var (name, decoder) in s_decoders)
        {
            var tokenizer = TokenizerOf(decoder);
            for (var seed = 0; seed < 400; seed++)
            {
                var random = new Random(seed);
                var ids = Enumerable.Range(0, random.Next(1, 25)).Select(_ => random.Next(s_tokens.Length + 1)).ToArray();
                if (ByDefinition(tokenizer, ids) is not { } expected) continue;
                var stream = new StreamingDecoder(tokenizer, skipSpecialTokens: false);
                Assert.AreSequenceEqual(expected, Array.ConvertAll(ids, stream.Append), $"{name}: {string.Join(' ', ids.Select(tokenizer.TokenOf))}");

                // Bytes that end in none make another text of those before them, which are given out already.
                var (all, given) = (tokenizer.Decode(ids), string.Concat(expected));
                if (all.StartsWith(given, StringComparison.Ordinal)) Assert.AreEqual(all, given + stream.Flush(), name);
            }
        }
    }

    [TestMethod]
    public void A_stream_that_never_ends_a_character_does_not_grow()
    {
        foreach (var (name, decoder) in s_decoders)
        {
            var tokenizer = TokenizerOf(decoder);
            foreach (var token in new[] { "<0xE6>", "ð", "##", "\uFFFD" })
            {
                var id = tokenizer.IdOf(token) ?? tokenizer.IdOf("##c")!.Value;
                var stream = new StreamingDecoder(tokenizer);
                var given = 0L;
                for (var i = 0; i < 20_000; i++) given += stream.Append(id).Length;
                var rest = stream.Flush().Length;
                Assert.IsLessThan(20_000, rest, $"{name} {token}");
                Assert.IsTrue(given > 0 || name == "CTC", $"{name} {token}");
            }
        }
    }

    [TestMethod]
    public void After_a_flush_a_stream_begins_anew()
    {
        var tokenizer = TokenizerOf(new MetaspaceDecoder("▁", "always", split: true));
        var stream = new StreamingDecoder(tokenizer);
        var id = tokenizer.IdOf("▁a")!.Value;
        Assert.AreEqual("a", stream.Append(id));
        Assert.AreEqual(" a", stream.Append(id));
        Assert.AreEqual("", stream.Flush());
        Assert.AreEqual("a", stream.Append(id));
        Assert.AreEqual("", stream.Append(int.MaxValue));
        Assert.AreEqual("", stream.Append(-1));
    }

    [TestMethod]
    public void Special_tokens_are_left_out_at_once_and_in_a_stream_but_one_that_normalizing_changes()
    {
        AddedToken[] added = [new(0, "<End>"), new(1, "<Start>", Normalized: true), new(2, "<same>", Normalized: true)];
        var model = new WordLevelModel(new() { ["<End>"] = 0, ["<Start>"] = 1, ["<same>"] = 2, ["a"] = 3 }, "a");
        var pipeline = new TokenizerPipeline(added, new LowercaseNormalizer(), preTokenizer: null, model, postProcessor: null, new FuseDecoder());
        var tokenizer = new LanguageModelTokenizer(pipeline, new SpecialTokenIds());
        int[] ids = [0, 3, 1, 3, 2];
        Assert.AreEqual("<End>a<start>a<same>", tokenizer.Decode(ids));
        Assert.AreEqual("a<start>a", tokenizer.Decode(ids, skipSpecialTokens: true));
        var stream = new StreamingDecoder(tokenizer);
        Assert.AreEqual("a<start>a", string.Concat(ids.Select(stream.Append)));
    }

    /// <summary>What the peer's stream does, by its definition; null where it fails, as its text for earlier ids has changed.</summary>
    private static string[]? ByDefinition(LanguageModelTokenizer tokenizer, int[] ids)
    {
        var (window, prefix, prefixIndex) = (new List<int>(), "", 0);
        var pieces = new List<string>();
        foreach (var id in ids)
        {
            if (prefix.Length == 0 && window.Count > 0 && tokenizer.Decode(window) is var begin && !begin.EndsWith('\uFFFD'))
                (prefix, prefixIndex) = (begin, window.Count);
            window.Add(id);
            var text = tokenizer.Decode(window);
            if (Encoding.UTF8.GetByteCount(text) <= Encoding.UTF8.GetByteCount(prefix) || text.EndsWith('\uFFFD'))
            {
                pieces.Add("");
                continue;
            }

            if (!text.StartsWith(prefix, StringComparison.Ordinal)) return null;
            pieces.Add(text[prefix.Length..]);
            var kept = window.Count - prefixIndex;
            window.RemoveRange(0, prefixIndex);
            (prefix, prefixIndex) = (tokenizer.Decode(window), kept);
        }

        return [.. pieces];
    }

    private static LanguageModelTokenizer TokenizerOf(ITokenDecoder? decoder)
    {
        var ids = s_tokens.Select((token, id) => (token, id)).ToDictionary(item => item.token, item => item.id);
        var pipeline = new TokenizerPipeline(
            [], normalizer: null, new ByteLevelPreTokenizer(new ByteLevelOptions()), new WordLevelModel(ids, "▁"), postProcessor: null, decoder);
        return new LanguageModelTokenizer(pipeline, new SpecialTokenIds());
    }
}
