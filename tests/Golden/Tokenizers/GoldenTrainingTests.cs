using System.Text.Json;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Golden.Tests.Tokenizers;

/// <summary>Trained tokenizers against those that Hugging Face trained on the same texts.</summary>
[TestClass, TestCategory("golden-tokenizers")]
public sealed class GoldenTrainingTests
{
    private const string Area = "tokenizers/training";
    private const int CountedLines = 2000;

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> Cases => GoldenFolder.Folders(Area);

    public static IEnumerable<object[]> SmallFiles =>
        GoldenFolder.List(Area, static folder => Directory.EnumerateFiles(folder, "*.jsonl").Select(static path => Path.GetFileName(path)));

    [TestMethod, DynamicData(nameof(Cases))]
    public void Training_gives_the_tokenizer_of_Hugging_Face(string name)
    {
        GoldenFolder.Require(Area, name);
        var golden = TrainingCase.Read(GoldenFolder.At(Area, name));
        var tokenizer = golden.Train(TestContext.CancellationToken);

        var exact = golden.Json.Get("exact");
        if (exact.ValueKind == JsonValueKind.True)
            Assert.AreEqual(golden.Expected("model").GetRawText(), golden.ModelOf(tokenizer).GetRawText());
        else if (exact.ValueKind == JsonValueKind.String)
            CompareOrder(golden, golden.ModelOf(tokenizer), exact.GetString()!);
        else
            CompareNearly(golden, tokenizer);

        if (golden.HasExactSize) Assert.AreEqual(golden.Json.Integer("vocabulary_size"), tokenizer.Pipeline.Model.Count);
        if (exact.ValueKind == JsonValueKind.True && golden.Json.TryGetProperty("tokens_of_first_2000_lines", out var tokens))
            Assert.HasCount(tokens.GetInt32(), golden.EncodeLines(tokenizer, CountedLines));
    }

    [TestMethod, DynamicData(nameof(SmallFiles))]
    public void Learned_merges_equal_those_of_Hugging_Face_on_small_words(string file)
    {
        GoldenFolder.Require(Area, file);
        var cases = 0;
        foreach (var line in TokenizerCases.Lines("training", file))
        {
            var words = new WordTable();
            foreach (var word in line.Items("words")) words.Add(word[0].GetString()!, word[1].GetInt64());
            var learned = BytePairLearner.Learn(
                words, new BytePairLearning { VocabularySize = (int)line.Integer("vocab_size"), MinFrequency = line.Integer("min_frequency") });

            Assert.AreSequenceEqual(line.Get("vocab").Deserialize<string[]>()!, learned.Tokens.ToArray(), line.GetRawText());
            Assert.AreSequenceEqual(PairsOf(line.Get("merges")), learned.Merges.Select(merge => $"{merge.Left} {merge.Right}").ToArray(), line.GetRawText());
            cases++;
        }

        Assert.AreNotEqual(0, cases);
    }

    /// <summary>Cases whose ids follow a random order at the peer, but not their merges or longer tokens.</summary>
    private static void CompareOrder(TrainingCase golden, JsonElement model, string kind)
    {
        var expected = golden.Expected("model");
        Assert.AreSequenceEqual(TokensOf(expected).Order(StringComparer.Ordinal).ToArray(), TokensOf(model).Order(StringComparer.Ordinal).ToArray());
        if (kind == "merges in order, vocabulary as a set")
            Assert.AreSequenceEqual(PairsOf(expected.Get("merges")), PairsOf(model.Get("merges")));
        else if (kind == "learnt tokens in order, vocabulary as a set")
            Assert.AreSequenceEqual(LongTokensOf(golden, expected), LongTokensOf(golden, model));
        else
            Assert.Fail($"How exact \"{kind}\" is, this test does not know.");
    }

    private static void CompareNearly(TrainingCase golden, LanguageModelTokenizer tokenizer)
    {
        var scores = golden.ModelOf(tokenizer).Get("vocab").ValueKind == JsonValueKind.Array
            ? golden.ModelOf(tokenizer).Items("vocab").Select(piece => piece[1].GetDouble()).ToArray()
            : [];
        var ids = golden.EncodeLines(tokenizer, CountedLines);
        foreach (var tolerance in golden.Json.Get("tolerance").EnumerateObject())
        {
            var limit = tolerance.Value.GetDouble();
            switch (tolerance.Name)
            {
                case "shared_tokens_at_least":
                    var expected = golden.ExpectedTokens;
                    var shared = TokensOf(golden.ModelOf(tokenizer)).Intersect(expected).Count();
                    Assert.IsGreaterThanOrEqualTo(limit, (double)shared / expected.Count, $"{shared} of {expected.Count} tokens are shared.");
                    break;
                case "tokens_of_first_2000_lines_relative":
                    Compare.Number(1, ids.Count / golden.Json.Number("tokens_of_first_2000_lines"), limit, tolerance.Name);
                    break;
                case "log_likelihood_relative":
                    Compare.Number(1, ids.Sum(id => scores[id]) / golden.Json.Number("log_likelihood_of_first_2000_lines"), limit, tolerance.Name);
                    break;
                case "score_absolute":
                    CompareScores(golden, tokenizer, limit);
                    break;
                default:
                    Assert.Fail($"The tolerance {tolerance.Name} is not known to this test.");
                    break;
            }
        }
    }

    private static void CompareScores(TrainingCase golden, LanguageModelTokenizer tokenizer, double tolerance)
    {
        var scores = golden.ModelOf(tokenizer).Items("vocab").ToDictionary(piece => piece[0].GetString()!, piece => piece[1].GetDouble());
        foreach (var piece in golden.ExpectedPieces.Items("pieces"))
        {
            var text = piece[0].GetString()!;
            if (scores.TryGetValue(text, out var score)) Compare.Number(piece[1].GetDouble(), score, tolerance, $"the score of \"{text}\"");
        }

        foreach (var character in golden.ExpectedPieces.Get("floor_characters").EnumerateArray().Select(item => item.GetString()!))
        {
            Assert.IsTrue(scores.TryGetValue(character, out var score), $"The character {character} is missing.");
            Compare.Number(golden.Json.Number("floor_score"), score, tolerance, $"the score of {character}");
        }
    }

    private static IEnumerable<string> TokensOf(JsonElement model) => model.Get("vocab").ValueKind == JsonValueKind.Array
        ? model.Items("vocab").Select(piece => piece[0].GetString()!)
        : model.Get("vocab").EnumerateObject().Select(token => token.Name);

    private static string[] PairsOf(JsonElement merges) => [.. merges.EnumerateArray().Select(pair => $"{pair[0].GetString()} {pair[1].GetString()}")];

    /// <summary>The tokens that were learned: those of more than one character besides the prefix.</summary>
    private static string[] LongTokensOf(TrainingCase golden, JsonElement model)
    {
        var prefix = model.Text("continuing_subword_prefix");
        return [.. model.Get("vocab").EnumerateObject().OrderBy(token => token.Value.GetInt32()).Select(token => token.Name)
            .Where(token => !golden.SpecialTokens.Contains(token))
            .Where(token => (token.StartsWith(prefix, StringComparison.Ordinal) ? token[prefix.Length..] : token).EnumerateRunes().Count() > 1)];
    }
}
