using Ml.Llm.Tokenization;

namespace Ml.Llm.Core.Tests.Tokenizers;

[TestClass]
public sealed class SamplingTests
{
    private const string Text = "The quick brown fox jumps over the lazy dog. The dog doesn't care.";

    [TestMethod]
    public void A_text_is_written_in_several_ways_that_decode_to_it()
    {
        foreach (var tokenizer in new[] { SmallTokenizer.Trained, UnigramTokenizer() })
        {
            var plain = tokenizer.EncodeToIds(Text).ToArray();
            var sampling = tokenizer.WithSampling(new SubwordSamplingOptions { Dropout = 0.3f, Alpha = 0.3, Seed = 11 });
            var again = tokenizer.WithSampling(new SubwordSamplingOptions { Dropout = 0.3f, Alpha = 0.3, Seed = 11 });
            var ways = Enumerable.Range(0, 20).Select(_ => sampling.EncodeToIds(Text).ToArray()).ToArray();
            Assert.IsGreaterThan(3, ways.Select(way => string.Join(' ', way)).Distinct().Count());
            foreach (var way in ways)
            {
                Assert.AreEqual(tokenizer.Decode(plain), tokenizer.Decode(way));
                Assert.AreSequenceEqual(way, again.EncodeToIds(Text).ToArray());
            }

            Assert.AreSequenceEqual(plain, tokenizer.EncodeToIds(Text).ToArray());
            Assert.AreSequenceEqual(plain, sampling.WithSampling(null).EncodeToIds(Text).ToArray());
        }
    }

    [TestMethod]
    public void A_model_with_one_way_and_options_out_of_range_are_refused()
    {
        var words = new LanguageModelTokenizer(
            new TokenizerPipeline([], null, new ByteLevelPreTokenizer(new ByteLevelOptions()), new WordLevelModel(new() { ["a"] = 0 }, "a"), null, null), new SpecialTokenIds());
        Assert.ThrowsExactly<NotSupportedException>(() => words.WithSampling(new SubwordSamplingOptions()));
        Assert.AreSequenceEqual(words.EncodeToIds("a b").ToArray(), words.WithSampling(null).EncodeToIds("a b").ToArray());
        foreach (var (options, name) in new (SubwordSamplingOptions, string)[]
        {
            (new() { Dropout = 1.5f }, "Dropout"),
            (new() { Dropout = float.NaN }, "Dropout"),
            (new() { Alpha = -1 }, "Alpha"),
            (new() { NBestSize = 0 }, "NBestSize"),
            (new() { NBestSize = 513 }, "NBestSize"),
        })
        {
            Assert.AreEqual(name, Assert.Throws<ArgumentOutOfRangeException>(() => SmallTokenizer.Trained.WithSampling(options)).ParamName);
        }
    }

    private static LanguageModelTokenizer UnigramTokenizer()
    {
        var pieces = new List<(string, double)> { ("<unk>", 0) };
        pieces.AddRange(Text.Distinct().Select(letter => (letter == ' ' ? "Ġ" : letter.ToString(), -4.0)));
        pieces.AddRange(new[] { "The", "dog", "Ġq", "ick", "er", "ump", "do", "og", "esn", "are", "the" }.Select(piece => (piece, -5.0)));
        var model = new UnigramModel(new UnigramVocabulary(pieces, new UnigramModelOptions(0)));
        var options = new ByteLevelOptions(AddPrefixSpace: false);
        return new LanguageModelTokenizer(
            new TokenizerPipeline([], null, new ByteLevelPreTokenizer(options), model, null, new ByteLevelDecoder(options)), new SpecialTokenIds());
    }
}
