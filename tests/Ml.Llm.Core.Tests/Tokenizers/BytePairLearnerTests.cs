using Ml.Llm.Tokenization;

namespace Ml.Llm.Core.Tests.Tokenizers;

[TestClass]
public sealed class BytePairLearnerTests
{
    public static IEnumerable<object[]> Seeds => Enumerable.Range(1, 40).Select(seed => new object[] { seed });

    [TestMethod, DynamicData(nameof(Seeds))]
    public void Tokens_and_merges_equal_those_of_the_obvious_trainer(int seed)
    {
        var random = new Random(seed);
        var words = RandomWords.Make(seed, alphabet: 2 + (seed % 6), wordCount: 5 + (2 * seed), longest: 3 + (seed % 10));
        var options = new BytePairLearning
        {
            VocabularySize = random.Next(5, 120),
            MinFrequency = random.Next(0, 4),
            SpecialTokens = random.Next(2) == 0 ? ["<unk>"] : ["ab", "b", "aba"],
            InitialAlphabet = random.Next(2) == 0 ? [] : ["z", "a", "yes"],
            AlphabetLimit = random.Next(3) == 0 ? random.Next(1, 6) : null,
            MaxTokenLength = random.Next(2) == 0 ? random.Next(1, 8) : null,
            ContinuingSubwordPrefix = random.Next(2) == 0 ? "##" : "",
            EndOfWordSuffix = random.Next(2) == 0 ? "</w>" : "",
        };

        var expected = new SlowMergeLearner(words, options);
        expected.Learn();
        var learned = BytePairLearner.Learn(RandomWords.Table(words.AsEnumerable().Reverse()), options);

        Assert.AreSequenceEqual(expected.Tokens.ToArray(), learned.Tokens.ToArray());
        Assert.AreSequenceEqual(expected.Merges.ToArray(), learned.Merges.ToArray());
    }

    [TestMethod]
    public void A_vocabulary_smaller_than_the_alphabet_takes_it_whole_and_merges_nothing()
    {
        var learned = BytePairLearner.Learn(RandomWords.Table([("abab", 3)]), new() { VocabularySize = 2, SpecialTokens = ["<unk>"] });
        Assert.AreSequenceEqual(["<unk>", "a", "b"], learned.Tokens.ToArray());
        Assert.IsEmpty(learned.Merges);
    }

    [TestMethod]
    public void Nothing_is_merged_where_all_pairs_are_too_rare() =>
        Assert.IsEmpty(BytePairLearner.Learn(RandomWords.Table([("abab", 3)]), new() { VocabularySize = 30, MinFrequency = 7 }).Merges);

    [TestMethod]
    public void Characters_beyond_the_first_plane_and_lone_surrogates_are_one_symbol_each()
    {
        var learned = BytePairLearner.Learn(RandomWords.Table([("\U0001D49C\uE000x", 3), ("\uD800x", 2)]), new() { VocabularySize = 5 });
        Assert.AreSequenceEqual(["x", "\uE000", "\uFFFD", "\U0001D49C", "\uE000x"], learned.Tokens.ToArray());
    }

    [TestMethod]
    public void A_word_of_a_million_characters_takes_little_time()
    {
        var learned = BytePairLearner.Learn(RandomWords.Table([(new string('a', 1_000_000), 1)]), new() { VocabularySize = 40 });
        Assert.AreEqual(1_000_000, learned.Tokens.Max(token => token.Length));
    }

    [TestMethod]
    public void Words_are_counted_and_put_in_the_order_of_their_code_points()
    {
        var random = new Random(1);
        var texts = Enumerable.Range(0, 5000).Select(i => i % 1000 == 0
            ? new string((char)('a' + (i / 1000)), 5000 + i)
            : string.Concat(Enumerable.Range(0, random.Next(1, 7)).Select(_ => char.ConvertFromUtf32(new[] { 'a', 'b', 0xE000, 0xFFFF, 0x10000, 0x1D49C }[random.Next(6)])))).ToList();
        var table = RandomWords.Table(texts.Select(text => (text, 1L)));
        table.AddAll(RandomWords.Table(texts.Select(text => (text, 2L))));

        var expected = texts.CountBy(text => text).OrderBy(item => CodePoints.OrderOf(item.Key), StringComparer.Ordinal).ToList();
        Assert.AreSequenceEqual(
            expected.Select(item => (item.Key, 3L * item.Value)).ToArray(),
            table.InOrder().Select(word => (table.WordAt(word).ToString(), table.CountAt(word))).ToArray());
    }

    private static class CodePoints
    {
        /// <summary>A text whose ordinal order is that of the code points.</summary>
        public static string OrderOf(string text) => string.Concat(text.EnumerateRunes().SelectMany(rune => new[] { (char)(rune.Value >> 16), (char)rune.Value }));
    }
}
