using System.Text;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Core.Tests.Tokenizers;

[TestClass]
public sealed class WordPieceModelTests
{
    private static readonly string[] s_letters = ["a", "b", "ß", "漢", "😀", "#"];

    [TestMethod]
    public void The_trie_gives_what_looking_up_each_part_gives()
    {
        for (var seed = 0; seed < 1500; seed++)
        {
            var random = new Random(seed);
            var ids = new Dictionary<string, int> { ["[UNK]"] = 0 };
            for (var i = 0; i < 30; i++) ids.TryAdd((random.Next(2) == 0 ? "##" : "") + RandomText(random, 4), ids.Count);
            var options = new WordPieceModelOptions(MaxInputCharactersPerWord: random.Next(3) == 0 ? 5 : 100, ContinuingSubwordPrefix: random.Next(4) == 0 ? "" : "##");
            var model = new WordPieceModel(ids, options);
            for (var i = 0; i < 20; i++)
            {
                var word = RandomText(random, i == 0 ? 70 : 8);
                var expected = BySubstrings(ids, options, word);
                for (var time = 0; time < 2; time++)
                {
                    var found = new List<int> { -1 };
                    model.Encode(word, found);
                    Assert.AreSequenceEqual((int[])[-1, .. expected.Select(token => token.Id)], found.ToArray(), $"seed {seed}, word \"{word}\", {options}");
                }

                var tokens = new List<PieceToken>();
                model.Encode(word, tokens);
                Assert.AreSequenceEqual(expected.ToArray(), tokens.ToArray(), $"seed {seed}, word \"{word}\", {options}");
            }
        }
    }

    [TestMethod]
    public void The_longest_word_is_counted_in_code_points()
    {
        var model = new WordPieceModel(new() { ["[UNK]"] = 0, ["😀"] = 1, ["##😀"] = 2 }, new WordPieceModelOptions(MaxInputCharactersPerWord: 3));
        Assert.AreSequenceEqual((int[])[1, 2, 2], Ids(model, "😀😀😀"));
        Assert.AreSequenceEqual((int[])[0], Ids(model, "😀😀😀😀"));
    }

    [TestMethod]
    public void A_missing_unknown_token_is_said_when_it_is_needed()
    {
        var model = new WordPieceModel(new() { ["a"] = 0 }, new WordPieceModelOptions("[NONE]"));
        Assert.AreSequenceEqual((int[])[0], Ids(model, "a"));
        Assert.Contains("[NONE]", Assert.ThrowsExactly<ModelFormatException>(() => Ids(model, "b")).Message);
    }

    [TestMethod]
    public void A_word_of_ten_megabytes_is_encoded_in_time()
    {
        var model = new WordPieceModel(
            new() { ["[UNK]"] = 0, ["a"] = 1, ["##a"] = 2, ["##aa"] = 3, ["##aaaab"] = 4 }, new WordPieceModelOptions(MaxInputCharactersPerWord: long.MaxValue));
        Assert.HasCount(5_000_001, Ids(model, new string('a', 10_000_001)));
        Assert.AreSequenceEqual((int[])[0], Ids(model, new string('a', 10_000_000) + "c"));
    }

    private static int[] Ids(WordPieceModel model, string word)
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

    private static List<PieceToken> BySubstrings(Dictionary<string, int> ids, WordPieceModelOptions options, string word)
    {
        var unknown = new List<PieceToken> { new(ids[options.UnknownToken], 0, word.Length, EndsInside: false) };
        if (word.EnumerateRunes().Count() > options.MaxInputCharactersPerWord) return unknown;
        var tokens = new List<PieceToken>();
        for (var start = 0; start < word.Length;)
        {
            var end = word.Length;
            while (end > start && !ids.ContainsKey((start > 0 ? options.ContinuingSubwordPrefix : "") + word[start..end])) end--;
            if (end == start) return unknown;
            tokens.Add(new PieceToken(ids[(start > 0 ? options.ContinuingSubwordPrefix : "") + word[start..end]], start, end, EndsInside: false));
            start = end;
        }

        return tokens;
    }
}
