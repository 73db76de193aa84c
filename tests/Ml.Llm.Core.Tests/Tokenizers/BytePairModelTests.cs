using System.Globalization;
using System.Text;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Core.Tests.Tokenizers;

[TestClass]
public sealed class BytePairModelTests
{
    private static readonly string[] s_letters = ["a", "b", "▁", "ä", "漢", "😀"];

    [TestMethod]
    public void Tokens_and_places_equal_those_of_the_definition()
    {
        for (var seed = 0; seed < 1500; seed++)
        {
            var random = new Random(seed);
            var vocabulary = RandomVocabulary(random);
            var takesBytes = random.Next(4) == 0;
            var model = new BytePairModel(vocabulary, takesBytes);
            for (var i = 0; i < 6; i++)
            {
                var word = RandomText(random, i == 5 ? 120 : 12);
                Compare(model, vocabulary, word, takesBytes, $"seed {seed}, word \"{word}\", {vocabulary.Options}");
                Compare(model, vocabulary, word, takesBytes, $"seed {seed}, from the cache, word \"{word}\"");
            }
        }
    }

    [TestMethod]
    public void A_whole_token_of_bytes_is_taken_where_merges_are_ignored()
    {
        var ids = Enumerable.Range(0, 256).ToDictionary(value => ByteAlphabet.Characters[value].ToString(), value => value);
        ids.Add(ByteAlphabet.ToToken("größe"u8), 256);
        var model = new BytePairModel(new BytePairVocabulary(ids, [], new BytePairModelOptions(IgnoresMerges: true)));
        Assert.AreSequenceEqual((int[])[256], Ids(model, "größe"));
        Assert.HasCount(6, Ids(model, "größ"));
        var tokens = new List<PieceToken>();
        model.Encode("größe", tokens);
        Assert.AreEqual(new PieceToken(256, 0, 5, EndsInside: false), tokens[0]);
    }

    [TestMethod]
    public void Dropout_repeats_with_its_seed_and_keeps_the_text()
    {
        var random = new Random(5);
        var plain = RandomVocabulary(random, new BytePairModelOptions("<unk>"));
        BytePairModel With(float dropout, ulong seed) =>
            new(new BytePairVocabulary(plain.Tokens.Ids.ToDictionary(), plain.MergeTexts, plain.Options with { Dropout = dropout }), takesBytes: false, seed);

        var words = Enumerable.Range(0, 200).Select(_ => RandomText(random, 30, known: true)).ToArray();
        int[][] All(BytePairModel model) => words.Select(word => Ids(model, word)).ToArray();
        string TextOf(int[] ids) => string.Concat(ids.Select(id => plain.Tokens.TokenOf(id)));

        var (first, again, other) = (All(With(0.5f, 7)), All(With(0.5f, 7)), All(With(0.5f, 8)));
        for (var i = 0; i < words.Length; i++)
        {
            Assert.AreSequenceEqual(first[i], again[i]);
            Assert.AreEqual(words[i], TextOf(first[i]));
            Assert.AreSequenceEqual(Ids(new BytePairModel(plain, takesBytes: false), words[i]), Ids(With(0, 7), words[i]));
            Assert.HasCount(words[i].EnumerateRunes().Count(), Ids(With(1, 7), words[i]));
        }

        Assert.IsFalse(first.Zip(other).All(pair => pair.First.SequenceEqual(pair.Second)));
    }

    [TestMethod]
    public void A_missing_unknown_token_is_said_when_it_is_needed()
    {
        var model = new BytePairModel(new BytePairVocabulary(new() { ["a"] = 0 }, [], new BytePairModelOptions("<none>")), takesBytes: false);
        Assert.AreSequenceEqual((int[])[0, 0], Ids(model, "aa"));
        Assert.Contains("<none>", Assert.ThrowsExactly<ModelFormatException>(() => Ids(model, "ab")).Message);
    }

    [TestMethod]
    public void A_word_of_ten_megabytes_is_encoded_in_time()
    {
        var merges = new List<(string, string)> { ("a", "b"), ("ab", "a"), ("b", "b"), ("aba", "ab"), ("bb", "bb") };
        var ids = new Dictionary<string, int> { ["a"] = 0, ["b"] = 1 };
        foreach (var (left, right) in merges) ids.TryAdd(left + right, ids.Count);
        var random = new Random(1);
        var word = string.Create(10_000_000, random, static (span, source) =>
        {
            foreach (ref var unit in span) unit = source.Next(2) == 0 ? 'a' : 'b';
        });
        foreach (var takesBytes in new[] { false, true })
        {
            var model = new BytePairModel(new BytePairVocabulary(ids, merges, new BytePairModelOptions()), takesBytes);
            Assert.AreEqual(word.Length, Ids(model, word).Sum(id => model.TokenOf(id)!.Length));
        }
    }

    private static void Compare(BytePairModel model, BytePairVocabulary vocabulary, string word, bool takesBytes, string what)
    {
        var expected = SlowBytePair.Encode(vocabulary, word, takesBytes);
        Assert.AreSequenceEqual(expected.Select(token => token.Id).ToArray(), Ids(model, word), what);
        var tokens = new List<PieceToken>();
        model.Encode(word, tokens);
        Assert.AreSequenceEqual(
            expected.Select(token => $"{token.Id} {token.Start}-{token.End}").ToArray(),
            tokens.Select(token => string.Create(CultureInfo.InvariantCulture, $"{token.Id} {token.Start}-{token.End}")).ToArray(),
            what);
    }

    private static int[] Ids(BytePairModel model, string word)
    {
        var ids = new List<int>();
        model.Encode(word, ids);
        return [.. ids];
    }

    private static string RandomText(Random random, int length, bool known = false)
    {
        var text = new StringBuilder();
        for (var i = random.Next(length); i >= 0; i--) text.Append(random.Next(8) == 0 && !known ? "\u00E9" : s_letters[random.Next(s_letters.Length)]);
        return text.ToString();
    }

    private static BytePairVocabulary RandomVocabulary(Random random, BytePairModelOptions? given = null)
    {
        var options = given ?? new BytePairModelOptions(
            random.Next(2) == 0 ? "<unk>" : null,
            random.Next(2) == 0,
            random.Next(4) == 0,
            random.Next(3) == 0 ? "##" : null,
            random.Next(3) == 0 ? "</w>" : null,
            random.Next(3) == 0);
        var (prefix, suffix) = (options.ContinuingSubwordPrefix ?? "", options.EndOfWordSuffix ?? "");
        var ids = new Dictionary<string, int> { ["<unk>"] = 0 };
        void Add(string token) => ids.TryAdd(token, ids.Count);
        foreach (var letter in s_letters.Concat(s_letters.Select(letter => ByteAlphabet.ToToken(Encoding.UTF8.GetBytes(letter))).SelectMany(token => token.Select(unit => unit.ToString()))))
        {
            if (given is null && random.Next(12) == 0) continue;
            foreach (var before in new[] { "", prefix })
                foreach (var after in new[] { "", suffix })
                    Add(before + letter + after);
        }

        if (options.FallsBackToBytes)
        {
            for (var value = 0; value < 256; value++)
            {
                if (random.Next(200) > 0) Add(UnknownTokens.NameOfByte(value));
            }
        }

        // Any two tokens that can stand beside each other may merge.
        var merges = new List<(string, string)>();
        for (var i = 0; i < 25; i++)
        {
            var tokens = ids.Keys.Where(token => token[0] != '<').ToArray();
            var (left, right) = (tokens[random.Next(tokens.Length)], tokens[random.Next(tokens.Length)]);
            if (!right.StartsWith(prefix, StringComparison.Ordinal) || (suffix.Length > 0 && left.EndsWith(suffix, StringComparison.Ordinal))) continue;
            if (merges.Contains((left, right))) continue;
            merges.Add((left, right));
            Add(left + right[prefix.Length..]);
        }

        return new BytePairVocabulary(ids, merges, options);
    }
}
