using System.Globalization;
using System.Text;

namespace Ml.Llm.Core.Tests.Tokenizers;

[TestClass]
public sealed class TrainingTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Threads_order_of_texts_and_culture_do_not_change_a_byte()
    {
        var texts = Enumerable.Range(0, 3000).Select(i => SmallTokenizer.Texts[i % SmallTokenizer.Texts.Length] + " " + (i * 7919 % 1000)).ToArray();
        var options = new BytePairEncodingOptions { VocabularySize = 500, SpecialTokens = ["<|endoftext|>", "<pad>"] };
        var expected = Train(texts, options with { Threads = 1 }).ToFiles(1024);
        foreach (var culture in new[] { "tr-TR", "de-DE", "" })
        {
            var before = CultureInfo.CurrentCulture;
            try
            {
                CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(culture);
                var files = Train(texts.Reverse(), options with { Threads = 4 }).ToFiles(1024);
                Assert.AreSequenceEqual(expected.Select(file => file.Name).ToArray(), files.Select(file => file.Name).ToArray());
                for (var i = 0; i < files.Count; i++) Assert.AreSequenceEqual(expected[i].Content, files[i].Content, $"{culture} {files[i].Name}");
            }
            finally
            {
                CultureInfo.CurrentCulture = before;
            }
        }
    }

    [TestMethod]
    public void Merges_equal_those_of_counting_anew_before_each()
    {
        var options = new BytePairEncodingOptions { VocabularySize = 420, MinFrequency = 2, MaxTokenLength = 6, FullByteAlphabet = false };
        var trained = Train(SmallTokenizer.Texts, options).Pipeline.Model;
        var merges = ((Tokenization.BytePairModel)trained).Vocabulary.MergeTexts;
        Assert.AreSequenceEqual(SlowTrainer.Merges(SmallTokenizer.Texts, options).ToArray(), merges.ToArray());
    }

    [TestMethod]
    public void Progress_rises_to_one_and_the_log_says_what_was_found()
    {
        var (progress, log) = (new List<double>(), new List<string>());
        BytePairEncodingTrainer.Train(
            SmallTokenizer.Texts, new BytePairEncodingOptions { VocabularySize = 420 }, log.Add, progress.Add, TestContext.CancellationToken);
        Assert.AreSequenceEqual(progress.Order().ToArray(), progress.ToArray());
        Assert.AreEqual(1.0, progress[^1]);
        Assert.Contains("5 texts", log[0]);
    }

    [TestMethod]
    public void A_corpus_without_text_is_refused()
    {
        Assert.ThrowsExactly<DataFormatException>(() => Train([], new()));
        Assert.Contains("2 texts", Assert.ThrowsExactly<DataFormatException>(() => Train(["", ""], new())).Message);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(4)]
    public void A_null_text_is_refused_with_its_row(int threads)
    {
        var problem = Assert.ThrowsExactly<DataFormatException>(() => Train(["a", null!, "b"], new() { Threads = threads }));
        Assert.AreEqual(1, problem.Row);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(4)]
    public void Cancelling_and_a_failing_source_reach_the_caller(int threads)
    {
        var options = new BytePairEncodingOptions { Threads = threads };
        Assert.ThrowsExactly<OperationCanceledException>(
            () => BytePairEncodingTrainer.Train(SmallTokenizer.Texts, options, cancellationToken: new CancellationToken(canceled: true)));
        Assert.ThrowsExactly<IOException>(() => Train(Failing(), options));
    }

    [TestMethod]
    public void A_vocabulary_without_room_for_bytes_and_special_tokens_is_refused_with_the_numbers()
    {
        var problem = Assert.Throws<ArgumentException>(
            () => Train(SmallTokenizer.Texts, new() { VocabularySize = 257, SpecialTokens = ["<a>", "<b>"] }));
        Assert.Contains("257", problem.Message);
        Assert.Contains("258", problem.Message);
        Assert.AreEqual(258, Train(SmallTokenizer.Texts, new() { VocabularySize = 258, SpecialTokens = ["<a>", "<b>"] }).VocabularySize);
    }

    [TestMethod]
    public void Options_out_of_their_range_are_refused_by_name()
    {
        foreach (var (options, name) in new (BytePairEncodingOptions, string)[]
        {
            (new() { MinFrequency = -1 }, "MinFrequency"),
            (new() { MaxTokenLength = 0 }, "MaxTokenLength"),
            (new() { Threads = 0 }, "Threads"),
            (new() { SpecialTokens = [""] }, "SpecialTokens"),
            (new() { SpecialTokens = ["<a>", "<a>"] }, "SpecialTokens"),
            (new() { VocabularySize = int.MaxValue }, "VocabularySize"),
        })
        {
            Assert.AreEqual(name, Assert.Throws<ArgumentException>(options.Validate).ParamName);
        }
    }

    private LanguageModelTokenizer Train(IEnumerable<string> texts, BytePairEncodingOptions options) =>
        BytePairEncodingTrainer.Train(texts, options, cancellationToken: TestContext.CancellationToken);

    private static IEnumerable<string> Failing()
    {
        yield return new StringBuilder().Insert(0, "words and words ", 50_000).ToString();
        throw new IOException("The source is gone.");
    }
}
