using System.Text;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Core.Tests.Tokenizers;

[TestClass]
public sealed class UnigramModelTests
{
    private static readonly string[] s_letters = ["a", "b", "ä", "漢", "😀", "é"];

    [TestMethod]
    public void Tokens_equal_those_of_the_best_path_over_texts()
    {
        for (var seed = 0; seed < 1500; seed++)
        {
            var random = new Random(seed);
            var vocabulary = RandomVocabulary(random);
            var model = new UnigramModel(vocabulary);
            for (var i = 0; i < 10; i++)
            {
                var word = RandomText(random, i == 0 ? 80 : 10);
                var expected = ByTexts(vocabulary, word);
                for (var time = 0; time < 2; time++)
                    Assert.AreSequenceEqual(expected.Select(token => token.Id).ToArray(), Ids(model, word), $"seed {seed}, word \"{word}\"");
                var tokens = new List<PieceToken>();
                model.Encode(word, tokens);
                Assert.AreSequenceEqual(expected.ToArray(), tokens.ToArray(), $"seed {seed}, word \"{word}\"");
            }
        }
    }

    [TestMethod]
    public void The_best_ways_are_those_of_all_ways()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var vocabulary = RandomVocabulary(random);
            var word = RandomText(random, 7);
            var all = AllWays(vocabulary, word).OrderByDescending(score => score).ToArray();
            var best = new UnigramLattice(vocabulary, Encoding.UTF8.GetBytes(word)).Best(8).ConvertAll(path => path.Sum(node => node.Score));
            Assert.HasCount(Math.Min(8, all.Length), best, word);
            for (var i = 0; i < best.Count; i++) Assert.AreEqual(all[i], best[i], 1e-9, $"seed {seed}, way {i} of \"{word}\"");
        }
    }

    [TestMethod]
    [DataRow(0, 1.0)]
    [DataRow(0, 0.3)]
    [DataRow(3, 1.0)]
    public void Ways_are_drawn_as_often_as_their_probabilities_say(int best, double alpha)
    {
        var vocabulary = new UnigramVocabulary([("<unk>", 0), ("a", -1), ("b", -1.5), ("c", -2), ("ab", -2), ("bc", -2.5), ("abc", -5)], new UnigramModelOptions(0));
        var ways = new (string Way, double Score)[] { ("a b c", -4.5), ("ab c", -4), ("a bc", -3.5), ("abc", -5) };
        var possible = best == 0 ? ways : ways.OrderByDescending(way => way.Score).Take(best).ToArray();
        var whole = possible.Sum(way => Math.Exp(alpha * way.Score));
        var model = new UnigramModel(vocabulary, new UnigramSampling(alpha, best, Seed: 3));

        const int Draws = 20_000;
        var counts = new Dictionary<string, int>();
        for (var i = 0; i < Draws; i++)
        {
            var way = string.Join(' ', Ids(model, "abc").Select(id => model.TokenOf(id)));
            counts[way] = counts.GetValueOrDefault(way) + 1;
        }

        Assert.HasCount(possible.Length, counts);
        foreach (var (way, score) in possible) Assert.AreEqual(Math.Exp(alpha * score) / whole, counts[way] / (double)Draws, 0.015, way);
    }

    [TestMethod]
    public void Drawing_repeats_with_its_seed_and_is_off_for_alpha_zero()
    {
        var vocabulary = RandomVocabulary(new Random(2));
        int[] Drawn(UnigramSampling? sampling)
        {
            var model = new UnigramModel(vocabulary, sampling);
            return Enumerable.Range(0, 50).SelectMany(_ => Ids(model, "abab漢abab")).ToArray();
        }

        Assert.AreSequenceEqual(Drawn(new UnigramSampling(0.2, 0, 9)), Drawn(new UnigramSampling(0.2, 0, 9)));
        Assert.AreSequenceEqual(Drawn(null), Drawn(new UnigramSampling(0, 0, 9)));
        Assert.IsFalse(Drawn(new UnigramSampling(0.2, 0, 9)).SequenceEqual(Drawn(new UnigramSampling(0.2, 0, 10))));
        Assert.Throws<ArgumentOutOfRangeException>(() => Drawn(new UnigramSampling(double.NaN)));
        Assert.Throws<ArgumentOutOfRangeException>(() => Drawn(new UnigramSampling(1, 513)));
    }

    [TestMethod]
    public void An_unknown_character_without_an_unknown_piece_is_said()
    {
        var model = new UnigramModel(new UnigramVocabulary([("a", -1)], new UnigramModelOptions()));
        Assert.AreSequenceEqual((int[])[0, 0], Ids(model, "aa"));
        Assert.Contains("unknown", Assert.ThrowsExactly<ModelFormatException>(() => Ids(model, "ab")).Message);
    }

    [TestMethod]
    public void A_word_of_ten_megabytes_is_encoded_in_time()
    {
        var model = new UnigramModel(new UnigramVocabulary([("<unk>", 0), ("a", -1), ("aa", -1.5), ("aaaaaaaaab", -9)], new UnigramModelOptions(0)));
        var ids = Ids(model, new string('a', 10_000_000) + new string('ж', 1000));
        Assert.HasCount(5_000_001, ids);
        Assert.AreEqual(0, ids[^1]);
    }

    private static int[] Ids(UnigramModel model, string word)
    {
        var ids = new List<int>();
        model.Encode(word, ids);
        return [.. ids];
    }

    private static string RandomText(Random random, int length)
    {
        var text = new StringBuilder();
        for (var i = random.Next(length); i >= 0; i--) text.Append(s_letters[random.Next(s_letters.Length)]);
        return text.ToString();
    }

    private static UnigramVocabulary RandomVocabulary(Random random)
    {
        var pieces = new List<(string, double)> { ("<unk>", 0) };
        for (var i = 0; i < 15; i++)
        {
            var piece = RandomText(random, 4);
            if (!piece.Contains('é') || random.Next(3) == 0) pieces.Add((piece, -random.Next(1, 40) / 4.0));
        }

        var fallsBack = random.Next(2) == 0;
        for (var value = 0; fallsBack && value < 256; value++)
        {
            if (value != 0xA9 || random.Next(2) == 0) pieces.Add((UnknownTokens.NameOfByte(value), 0));
        }

        return new UnigramVocabulary(pieces, new UnigramModelOptions(0, fallsBack));
    }

    /// <summary>The score of a piece that begins at a place; the unknown character where no piece is just that one.</summary>
    private static IEnumerable<(int End, int Id, double Score)> PiecesAt(UnigramVocabulary vocabulary, string word, int start)
    {
        var length = char.IsSurrogate(word[start]) ? 2 : 1;
        var isKnown = false;
        for (var end = start + 1; end <= word.Length; end++)
        {
            if (vocabulary.IdOf(word[start..end]) is not { } id) continue;
            isKnown |= end == start + length;
            yield return (end, id, vocabulary.Pieces[id].Score);
        }

        if (!isKnown) yield return (start + length, 0, vocabulary.Pieces.Min(piece => piece.Score) - 10);
    }

    private static List<PieceToken> ByTexts(UnigramVocabulary vocabulary, string word)
    {
        var best = new (double Score, int Start, int Id)?[word.Length + 1];
        best[0] = (0, 0, 0);
        for (var start = 0; start < word.Length; start++)
        {
            if (best[start] is not { } here) continue;
            foreach (var (end, id, score) in PiecesAt(vocabulary, word, start))
            {
                if (best[end] is null || score + here.Score > best[end]!.Value.Score) best[end] = (score + here.Score, start, id);
            }
        }

        var path = new List<(int Id, int Start, int End)>();
        for (var end = word.Length; end > 0; end = best[end]!.Value.Start)
        {
            var (_, start, id) = best[end]!.Value;
            if (id == 0 && path.Count > 0 && path[^1].Id == 0) path[^1] = (0, start, path[^1].End);
            else path.Add((id, start, end));
        }

        path.Reverse();
        return path.SelectMany(item => Spelled(vocabulary, word, item.Id, item.Start, item.End)).ToList();
    }

    private static IEnumerable<PieceToken> Spelled(UnigramVocabulary vocabulary, string word, int id, int start, int end)
    {
        if (vocabulary.IdOf(word[start..end]) is { } known) return [new PieceToken(known, start, end, EndsInside: false)];
        var bytes = Encoding.UTF8.GetBytes(word[start..end]).Select(value => vocabulary.IdOf(UnknownTokens.NameOfByte(value))).ToArray();
        return vocabulary.Options.FallsBackToBytes && bytes.All(value => value is not null)
            ? bytes.Select((value, i) => new PieceToken(value!.Value, start, end, EndsInside: i < bytes.Length - 1))
            : [new PieceToken(id, start, end, EndsInside: false, IsSpelledAsText: true)];
    }

    private static IEnumerable<double> AllWays(UnigramVocabulary vocabulary, string word, int start = 0) => start == word.Length
        ? [0.0]
        : PiecesAt(vocabulary, word, start).SelectMany(piece => AllWays(vocabulary, word, piece.End).Select(rest => rest + piece.Score));
}
