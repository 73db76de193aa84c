using System.Text.Json;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Golden.Tests.Tokenizers;

[TestClass, TestCategory("golden-tokenizers")]
public sealed class GoldenTrainingTests
{
    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> Cases() => Directory.Exists(TokenizerCases.Root)
        ? TokenizerCases.ByteLevelFolders("training").Select(folder => new object[] { Path.GetFileName(folder) })
        : [[""]];

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void Training_gives_the_vocabulary_and_merges_of_Hugging_Face(string name)
    {
        TokenizerCases.Require();
        var folder = Path.Combine(TokenizerCases.Root, "training", name);
        var golden = TokenizerCases.Json(Path.Combine(folder, "case.json"));
        var expected = TokenizerCases.Json(Path.Combine(folder, "tokenizer.json"));
        var corpus = TokenizerCases.Corpus(golden.GetProperty("input").GetString()!);
        var options = Options(golden.GetProperty("options")) with
        {
            AddPrefixSpace = expected.GetProperty("pre_tokenizer").GetProperty("add_prefix_space").GetBoolean(),
        };

        var tokenizer = BytePairEncodingTrainer.Train(corpus, options, cancellationToken: TestContext.CancellationToken);

        var trained = JsonSerializer.Deserialize<JsonElement>(tokenizer.ToJsonBytes());
        foreach (var part in new[] { "version", "added_tokens", "pre_tokenizer", "model" })
            Assert.AreEqual(expected.GetProperty(part).GetRawText(), trained.GetProperty(part).GetRawText(), part);
        Assert.AreEqual(golden.GetProperty("vocabulary_size").GetInt32(), tokenizer.VocabularySize);
        Assert.AreEqual(golden.GetProperty("tokens_of_first_2000_lines").GetInt32(), corpus.Take(2000).Sum(line => tokenizer.CountTokens(line)));
    }

    [TestMethod]
    public void Learned_merges_equal_those_of_Hugging_Face_on_small_words()
    {
        TokenizerCases.Require();
        var cases = 0;
        foreach (var line in TokenizerCases.Lines("training", "small_bpe.jsonl"))
        {
            var words = line.GetProperty("words").EnumerateArray().Select(word => (Word: word[0].GetString()!, Count: word[1].GetInt64())).ToList();
            var table = new WordTable();
            foreach (var (word, count) in words) table.Add(word, count);
            var learned = BytePairLearner.Learn(
                table,
                new BytePairLearning
                {
                    VocabularySize = line.GetProperty("vocab_size").GetInt32(),
                    MinFrequency = line.GetProperty("min_frequency").GetInt64(),
                });
            var tokens = learned.Tokens;
            var merges = learned.Merges.Select(merge => $"{merge.Left} {merge.Right}").ToList();

            Assert.AreSequenceEqual(line.GetProperty("vocab").Deserialize<string[]>()!, tokens.ToArray(), line.GetRawText());
            Assert.AreSequenceEqual(
                line.GetProperty("merges").EnumerateArray().Select(pair => $"{pair[0].GetString()} {pair[1].GetString()}").ToArray(), merges.ToArray(), line.GetRawText());
            cases++;
        }

        Assert.AreNotEqual(0, cases);
    }

    private static BytePairEncodingOptions Options(JsonElement options)
    {
        var result = new BytePairEncodingOptions { SpecialTokens = [], FullByteAlphabet = false };
        foreach (var option in options.EnumerateObject())
        {
            result = option.Name switch
            {
                "vocab_size" => result with { VocabularySize = option.Value.GetInt32() },
                "min_frequency" => result with { MinFrequency = option.Value.GetInt64() },
                "max_token_length" => result with { MaxTokenLength = option.Value.GetInt32() },
                "special_tokens" => result with { SpecialTokens = option.Value.Deserialize<string[]>()! },
                "initial_alphabet" when option.Value.GetArrayLength() == 256 => result with { FullByteAlphabet = true },
                _ => throw new InvalidOperationException($"The option {option.Name} is not known to this test."),
            };
        }

        return result;
    }
}
