using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Tokenizers;
using Ml.Llm.Data;

namespace Ml.Llm.Trainers.Tests;

/// <summary>Training, scoring and saving with a tokenizer of Microsoft.ML.Tokenizers that is not ours.</summary>
[TestClass]
public sealed class OtherTokenizerTests
{
    private readonly MLContext ml = new(seed: 1);

    [TestMethod]
    public void It_trains_and_scores_and_is_saved_where_its_files_are_given()
    {
        using var folder = new TemporaryFolder();
        var vocabulary = folder.File("vocab.txt");
        File.WriteAllLines(vocabulary, Vocabulary());
        var bert = BertTokenizer.Create(vocabulary);
        var config = Corpus.Config with { VocabSize = Vocabulary().Count };
        var data = Corpus.View(ml, Corpus.Texts(200));
        var losses = new List<double>();
        var options = Corpus.Options(training => training with { MaxSteps = 60, Progress = step => losses.Add(step.Loss) }) with
        {
            SpecialTokens = new SpecialTokenIds { Eos = bert.SeparatorTokenId, Pad = bert.PaddingTokenId },
            Generation = new() { MaxNewTokens = 5 },
        };

        Assert.Contains("BertTokenizer", Assert.ThrowsExactly<ArgumentException>(() => ml.Llm.Trainers.CausalLanguageModel(bert, config, options with { SpecialTokens = null })).Message);
        using var fitted = ml.Llm.Trainers.CausalLanguageModel(bert, config, options).Fit(data);
        Assert.IsLessThan(losses[0] * 0.75, losses[^1]);
        Assert.AreEqual(bert.SeparatorTokenId, fitted.Model.Config.EosTokenId);
        var prompts = Corpus.View(ml, ["number", "the cat sleeps in the"]);
        var texts = Generated(fitted, prompts);
        Assert.AreNotEqual("", texts[0]);

        // Nothing that the tokenizer puts around texts by itself stands in a document or behind a prompt.
        var document = new List<int>();
        new Document(0, "the cat", null).EncodeInto(bert, document);
        Assert.AreSequenceEqual(bert.EncodeToIds("the cat", addSpecialTokens: false).ToArray(), document.ToArray());

        var zip = folder.File("model.zip");
        foreach (var save in new Action[] { () => fitted.Model.SaveHuggingFace(folder.File("model")), () => ml.Model.Save(fitted, data.Schema, zip) })
        {
            var error = Find<NotSupportedException>(Assert.Throws<Exception>(save));
            Assert.Contains("Microsoft.ML.Tokenizers.BertTokenizer", error.Message);
            Assert.Contains("TokenizerFiles", error.Message);
        }

        Assert.IsFalse(Directory.Exists(folder.File("model")));
        using var saved = ml.Llm.Trainers.CausalLanguageModel(fitted, options with { TokenizerFiles = vocabulary, Training = options.Training with { MaxSteps = 1, WarmupSteps = 0 } }).Fit(data);
        ml.Model.Save(saved, data.Schema, zip);
        using var loaded = (LanguageModelTransformer)ml.Model.Load(zip, out _);
        Assert.IsInstanceOfType<LanguageModelTokenizer>(loaded.Model.Tokenizer);
        Assert.AreSequenceEqual(Corpus.Weights(saved.Model), Corpus.Weights(loaded.Model));
        Assert.AreSequenceEqual(Generated(saved, prompts).Select(WithoutSpaces).ToArray(), Generated(loaded, prompts).Select(WithoutSpaces).ToArray());
    }

    [TestMethod]
    public void Files_of_another_tokenizer_are_refused()
    {
        using var folder = new TemporaryFolder();
        var (one, other) = (folder.File("vocab.txt"), folder.File("other.txt"));
        File.WriteAllLines(one, Vocabulary());
        File.WriteAllLines(other, Vocabulary().Append("quick").Reverse());
        var options = Corpus.Options() with { SpecialTokens = new SpecialTokenIds { Eos = 3 } };
        var config = Corpus.Config with { VocabSize = 200 };
        var bert = BertTokenizer.Create(one);

        Assert.IsNotNull(ml.Llm.Trainers.CausalLanguageModel(bert, config, options with { TokenizerFiles = one }));
        Assert.Contains(other, Assert.ThrowsExactly<ArgumentException>(() => ml.Llm.Trainers.CausalLanguageModel(bert, config, options with { TokenizerFiles = other })).Message);
        var ours = LanguageModelTokenizer.FromPretrained(one);
        Assert.IsNotNull(ml.Llm.Trainers.CausalLanguageModel(ours, config, options with { TokenizerFiles = one }));
        Assert.Contains(other, Assert.ThrowsExactly<ArgumentException>(() => ml.Llm.Trainers.CausalLanguageModel(ours, config, options with { TokenizerFiles = other })).Message);
        Assert.ThrowsExactly<FileNotFoundException>(() => ml.Llm.Trainers.CausalLanguageModel(bert, config, options with { TokenizerFiles = folder.File("none") }));
        Assert.ThrowsExactly<ArgumentException>(() => ml.Llm.Trainers.CausalLanguageModel(bert, config, options with { TokenizerFiles = "" }));
    }

    private static string WithoutSpaces(string text) => text.Replace(" ", "", StringComparison.Ordinal);

    private static string[] Generated(ITransformer transformer, IDataView prompts) => [.. transformer.Transform(prompts).GetColumn<string>("GeneratedText")];

    private static List<string> Vocabulary() =>
    [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "number", "the", "sleeps", "in", "after", "days", ":", ".",
        "cat", "dog", "owl", "fox", "hen", "house", "yard", "wood", "den", "barn", .. Enumerable.Range(0, 10).SelectMany(static digit => new[] { $"{digit}", $"##{digit}" }),
    ];

    private static T Find<T>(Exception? error) where T : Exception
    {
        for (; error is not null; error = error.InnerException)
            if (error is T found)
                return found;
        throw new AssertFailedException($"There is no {typeof(T).Name} within.");
    }
}
