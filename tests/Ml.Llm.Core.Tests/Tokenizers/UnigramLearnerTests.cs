using Ml.Llm.Tokenization;

namespace Ml.Llm.Core.Tests.Tokenizers;

[TestClass]
public sealed class UnigramLearnerTests
{
    [TestMethod]
    [DataRow(1, 4, 40, 14)]
    [DataRow(2, 3, 60, 10)]
    [DataRow(3, 6, 80, 30)]
    [DataRow(4, 2, 30, 8)]
    [DataRow(5, 5, 60, 20)]
    public void Pieces_and_scores_equal_those_of_the_obvious_trainer(int seed, int alphabet, int wordCount, int size)
    {
        var words = RandomWords.Make(seed, alphabet, wordCount, longest: 9);
        var options = new UnigramLearning
        {
            VocabularySize = size,
            SpecialTokens = ["<unk>"],
            UnknownToken = "<unk>",
            MaxPieceLength = 2 + seed,
            ShrinkingFactor = 0.5 + (0.08 * seed),
            SubIterations = 1 + (seed % 3),
        };

        var expected = new SlowUnigram(words, options).Learn();
        var learned = Learn(words, options).Tokens;

        Assert.AreSequenceEqual(expected.Select(token => token.Token).ToArray(), learned.Select(token => token.Token).ToArray());
        for (var i = 0; i < expected.Count; i++) Assert.AreEqual(expected[i].Score, learned[i].Score, 1e-9, expected[i].Token);
    }

    [TestMethod]
    public void Any_number_of_threads_gives_the_same_bits()
    {
        var words = RandomWords.Make(7, alphabet: 12, wordCount: 4000, longest: 14);
        var options = new UnigramLearning { VocabularySize = 300, SpecialTokens = ["<unk>"], UnknownToken = "<unk>" };
        var expected = Learn(words, options).Tokens;
        foreach (var threads in new[] { 2, 3, 5 })
            Assert.AreSequenceEqual(expected.ToArray(), Learn(words.AsEnumerable().Reverse(), options with { Threads = threads }).Tokens.ToArray());
    }

    [TestMethod]
    public void A_long_word_is_estimated_as_well_as_short_ones()
    {
        // A word of 5000 characters is far too unlikely for a double; its parts must not be lost.
        var random = new Random(5);
        var text = string.Concat(Enumerable.Range(0, 2500).Select(_ => random.Next(4) == 0 ? "cd" : "ab"));
        var (pieces, word) = Pieces([(text, 1), ("abcdab", 3), ("cdcd", 2)], text);
        var expected = new double[pieces.Count];
        new WordLattice(pieces.MaxPieceLength).AddExpected(pieces, word, 1, expected);
        var characters = Enumerable.Range(1, pieces.Count - 1).Sum(piece => expected[piece] * pieces.SymbolsOf(piece).Length);
        Assert.AreEqual(5000, characters, 1e-6);
        Assert.IsTrue(expected.All(double.IsFinite));
    }

    [TestMethod]
    public void Dropped_characters_come_back_with_the_lowest_scores_by_code_point()
    {
        var learned = Learn(
            [("abab", 100), ("abcab", 1)],
            new() { VocabularySize = 10, SpecialTokens = ["<s>"], UnknownToken = "<unk>", InitialAlphabet = ["z", "y is first", "\U0001D49C"] });
        Assert.AreSequenceEqual(["<unk>", "<s>"], learned.Tokens.Take(2).Select(token => token.Token).ToArray());
        Assert.AreEqual(0, learned.UnknownId);
        var scores = learned.Tokens.ToDictionary(token => token.Token, token => token.Score);
        Assert.AreEqual(scores["y"] + 0.0001, scores["z"], 1e-12);
        Assert.AreEqual(scores["z"] + 0.0001, scores["\U0001D49C"], 1e-12);
    }

    [TestMethod]
    public void A_vocabulary_without_room_for_the_characters_is_refused_with_the_numbers()
    {
        var problem = Assert.Throws<ArgumentException>(() => Learn([("abcdef", 1)], new() { VocabularySize = 6, SpecialTokens = ["<unk>"] }));
        Assert.Contains("7", problem.Message);
        Assert.HasCount(7, Learn([("abcdef", 1)], new() { VocabularySize = 7, SpecialTokens = ["<unk>"] }).Tokens);
    }

    [TestMethod]
    public void Progress_rises_to_one_and_cancelling_stops()
    {
        var progress = new List<double>();
        var table = RandomWords.Table(RandomWords.Make(9, alphabet: 8, wordCount: 500, longest: 10));
        new UnigramLearner(new() { VocabularySize = 60 }, progress.Add, CancellationToken.None).Learn(table);
        Assert.AreSequenceEqual(progress.Order().ToArray(), progress.ToArray());
        Assert.AreEqual(1.0, progress[^1]);
        using var source = new CancellationTokenSource();
        Assert.ThrowsExactly<OperationCanceledException>(
            () => new UnigramLearner(new() { VocabularySize = 60, Threads = 3 }, _ => source.Cancel(), source.Token).Learn(table));
    }

    [TestMethod]
    [DataRow("abracadabra")]
    [DataRow("aaaaaaaaaa")]
    [DataRow("a")]
    [DataRow("mississippi|missouri|")]
    public void Suffixes_are_in_order(string text) => CheckSuffixes([.. text.Select(character => character - 'a' + 50), 0]);

    [TestMethod]
    public void Suffixes_of_random_texts_are_in_order()
    {
        var random = new Random(3);
        for (var round = 0; round < 200; round++)
            CheckSuffixes([.. Enumerable.Range(0, random.Next(200)).Select(_ => random.Next(1, 2 + (round % 5))), 0]);
    }

    [TestMethod]
    public void A_million_equal_characters_take_linear_time()
    {
        var learned = Learn([(new string('a', 1_000_000), 1), ("ab", 1)], new() { VocabularySize = 20 });
        Assert.Contains(token => token.Token == new string('a', 16), learned.Tokens);
    }

    private static void CheckSuffixes(int[] text)
    {
        var suffixes = SuffixArray.Of(text, text.Max() + 1);
        var common = SuffixArray.CommonPrefixes(text, suffixes);
        Assert.AreSequenceEqual(Enumerable.Range(0, text.Length).ToArray(), suffixes.Order().ToArray());
        for (var i = 1; i < suffixes.Length; i++)
        {
            var before = text.AsSpan(suffixes[i - 1]);
            var after = text.AsSpan(suffixes[i]);
            Assert.IsLessThan(0, before.SequenceCompareTo(after));
            Assert.AreEqual(before.CommonPrefixLength(after), common[i]);
        }
    }

    private static LearnedPieces Learn(IEnumerable<(string Word, long Count)> words, UnigramLearning options) =>
        new UnigramLearner(options, progress: null, CancellationToken.None).Learn(RandomWords.Table(words));

    private static (PieceSet Pieces, int[] Word) Pieces(IReadOnlyList<(string Word, long Count)> words, string word)
    {
        var sentences = new Sentences(RandomWords.Table(words));
        var seeds = new SeedPieces(sentences, 16, 1000);
        var pieces = new PieceSet(sentences, seeds, Enumerable.Range(0, seeds.Count).Select(seed => (seed, seeds.Scores[seed])).ToList());
        return (pieces, [.. word.Select(character => Sentences.SymbolOf(Array.IndexOf(sentences.Characters, character)))]);
    }
}
