using System.Text.Json;

namespace Ml.Llm.Core.Tests.Tokenizers;

/// <summary>What all trainers of tokenizers have in common, and the tokenizers that they give.</summary>
[TestClass]
public sealed class TrainersTests
{
    private const string Sentence = "The dog doesn't care about 1234 properties, it's asleep.";

    private static readonly string[] Kinds = ["bytes", "characters", "suffixed", "WordPiece", "Unigram", "WordLevel"];

    public static IEnumerable<object[]> All => Kinds.Select(kind => new object[] { kind });

    [TestMethod, DynamicData(nameof(All))]
    public void Training_again_with_other_threads_and_another_order_gives_the_same_bytes(string kind)
    {
        var texts = Enumerable.Range(0, 2000).Select(i => $"{SmallTokenizer.Texts[i % SmallTokenizer.Texts.Length]} {i * 7919 % 1000}").ToList();
        var expected = Train(kind, texts, threads: 1).ToJsonBytes();
        foreach (var threads in new[] { 1, 2, 3 })
            Assert.AreSequenceEqual(expected, Train(kind, texts.AsEnumerable().Reverse(), threads).ToJsonBytes(), $"{threads} threads");
    }

    [TestMethod, DynamicData(nameof(All))]
    public void A_trained_tokenizer_is_read_back_and_encodes_the_same(string kind)
    {
        var trained = Train(kind, SmallTokenizer.Texts);
        using var stream = new MemoryStream(trained.ToJsonBytes());
        var read = LanguageModelTokenizer.FromStream(stream);
        Assert.AreSequenceEqual(trained.ToJsonBytes(), read.ToJsonBytes());
        Assert.AreSequenceEqual(trained.EncodeToIds(Sentence).ToArray(), read.EncodeToIds(Sentence).ToArray());
    }

    [TestMethod]
    [DataRow("bytes", Sentence)]
    [DataRow("characters", Sentence)]
    [DataRow("Unigram", Sentence)]
    [DataRow("suffixed", Sentence)]
    [DataRow("WordPiece", "the lazy dog was set over a value, asleep.")]
    public void Text_comes_back_from_its_ids(string kind, string expected)
    {
        var tokenizer = Train(kind, SmallTokenizer.Texts.Append(Sentence));
        Assert.AreEqual(expected, tokenizer.Decode(tokenizer.EncodeToIds(expected), skipSpecialTokens: true));
    }

    [TestMethod, DynamicData(nameof(All))]
    public void A_corpus_without_words_a_null_text_and_a_cancelled_training_are_told(string kind)
    {
        Assert.Contains("2 texts", Assert.ThrowsExactly<DataFormatException>(() => Train(kind, ["", ""])).Message);
        Assert.ThrowsExactly<DataFormatException>(() => Train(kind, []));
        foreach (var threads in new[] { 1, 3 })
        {
            Assert.AreEqual(1, Assert.ThrowsExactly<DataFormatException>(() => Train(kind, ["a", null!, "b"], threads)).Row);
            Assert.ThrowsExactly<OperationCanceledException>(() => Train(kind, SmallTokenizer.Texts, threads, cancellationToken: new CancellationToken(canceled: true)));
        }
    }

    [TestMethod, DynamicData(nameof(All))]
    public void The_log_counts_and_progress_ends_at_one(string kind)
    {
        var (log, progress) = (new List<string>(), new List<double>());
        Train(kind, SmallTokenizer.Texts, log: log.Add, progress: progress.Add);
        Assert.Contains("5 texts", log[0]);
        Assert.Contains("tokens", log[^1]);
        Assert.AreEqual(1.0, progress[^1]);
        Assert.AreSequenceEqual(progress.Order().ToArray(), progress.ToArray());
    }

    [TestMethod, DynamicData(nameof(All))]
    public void A_new_one_like_it_on_the_same_texts_is_the_same(string kind)
    {
        var old = Train(kind, SmallTokenizer.Texts);
        var other = SimilarTokenizerTrainer.Train(old, ["something else entirely", "and more of it, and more"], new() { VocabularySize = 320 });
        var again = SimilarTokenizerTrainer.Train(other, SmallTokenizer.Texts, new() { VocabularySize = 320 });
        Assert.AreNotEqual(old.Fingerprint, other.Fingerprint);
        Assert.AreEqual(JsonSerializer.Deserialize<JsonElement>(old.ToJsonBytes()).GetRawText(), JsonSerializer.Deserialize<JsonElement>(again.ToJsonBytes()).GetRawText());
        Assert.AreEqual(old.SpecialTokens, again.SpecialTokens);
    }

    [TestMethod]
    public void A_new_one_like_it_takes_more_special_tokens_and_keeps_the_template()
    {
        var old = WordPieceTrainer.Train(SmallTokenizer.Texts, new() { VocabularySize = 320, SpecialTokens = ["[UNK]", "[SEP]", "[CLS]"] });
        var trained = SimilarTokenizerTrainer.Train(old, ["a b c", "b c d"], new() { VocabularySize = 40, AdditionalSpecialTokens = ["[TASK]", "[CLS]"] });
        Assert.AreEqual(3, trained.IdOf("[TASK]"));
        Assert.AreSequenceEqual(["[CLS]", "b", "c", "[SEP]"], trained.EncodeToIds("b c").Select(id => trained.TokenOf(id)!).ToArray());
    }

    [TestMethod]
    public void Whole_words_stand_by_count_then_code_point_and_a_limit_leaves_none()
    {
        var words = RandomWords.Make(3, alphabet: 5, wordCount: 300, longest: 4);
        var texts = words.SelectMany(word => Enumerable.Repeat(word.Word, (int)word.Count)).ToList();
        var tokenizer = WordLevelTrainer.Train(texts, new() { VocabularySize = 50, MinFrequency = 3 });
        var expected = words.Where(word => word.Count >= 3).OrderByDescending(word => word.Count).ThenBy(word => word.Word, StringComparer.Ordinal)
            .Select(word => word.Word).Prepend("<unk>").Take(50).ToArray();
        Assert.AreSequenceEqual(expected, Enumerable.Range(0, tokenizer.VocabularySize).Select(id => tokenizer.TokenOf(id)!).ToArray());
        Assert.AreEqual(1, WordLevelTrainer.Train(texts, new() { MinFrequency = 1_000_000 }).VocabularySize);
    }

    [TestMethod]
    public void Options_out_of_their_range_are_refused_by_name()
    {
        foreach (var (validate, name) in new (Action, string)[]
        {
            (new BytePairEncodingOptions { InitialAlphabet = ["\uD800"] }.Validate, "InitialAlphabet"),
            (new BytePairEncodingOptions { LimitAlphabet = -1 }.Validate, "LimitAlphabet"),
            (new BytePairEncodingOptions { UnknownToken = "<unk>" }.Validate, "UnknownToken"),
            (new BytePairEncodingOptions { PreTokenizer = PreTokenizerConfig.Whitespace }.Validate, "PreTokenizer"),
            (new WordPieceOptions { VocabularySize = 5 }.Validate, "VocabularySize"),
            (new WordPieceOptions { UnknownToken = "?" }.Validate, "UnknownToken"),
            (new WordPieceOptions { ContinuingSubwordPrefix = "" }.Validate, "ContinuingSubwordPrefix"),
            (new WordPieceOptions { MaxInputCharactersPerWord = 0 }.Validate, "MaxInputCharactersPerWord"),
            (new UnigramOptions { ShrinkingFactor = 1 }.Validate, "ShrinkingFactor"),
            (new UnigramOptions { ShrinkingFactor = double.NaN }.Validate, "ShrinkingFactor"),
            (new UnigramOptions { SubIterations = 0 }.Validate, "SubIterations"),
            (new UnigramOptions { MaxPieceLength = 0 }.Validate, "MaxPieceLength"),
            (new UnigramOptions { SeedSize = 0 }.Validate, "SeedSize"),
            (new UnigramOptions { Threads = 0 }.Validate, "Threads"),
            (new WordLevelOptions { MinFrequency = -1 }.Validate, "MinFrequency"),
            (new WordLevelOptions { SpecialTokens = [] }.Validate, "UnknownToken"),
            (new SimilarTokenizerOptions { AdditionalSpecialTokens = [""] }.Validate, "AdditionalSpecialTokens"),
            (new SimilarTokenizerOptions { VocabularySize = 0 }.Validate, "VocabularySize"),
        })
        {
            Assert.AreEqual(name, Assert.Throws<ArgumentException>(validate).ParamName);
        }
    }

    [TestMethod]
    public void A_part_that_is_not_known_is_refused_by_name()
    {
        Assert.Contains("Nonsense", Assert.Throws<ArgumentException>(() => PreTokenizerConfig.FromJson("""{"type":"Nonsense"}""")).Message);
        Assert.Contains("Nonsense", Assert.Throws<ArgumentException>(() => NormalizerConfig.FromJson("""{"type":"Nonsense"}""")).Message);
        Assert.Throws<ArgumentException>(() => PreTokenizerConfig.FromJson("null"));
        Assert.AreEqual(PreTokenizerConfig.Whitespace, PreTokenizerConfig.FromJson(PreTokenizerConfig.Whitespace.Json));
    }

    private static LanguageModelTokenizer Train(
        string kind,
        IEnumerable<string> texts,
        int threads = 1,
        Action<string>? log = null,
        Action<double>? progress = null,
        CancellationToken cancellationToken = default) => kind switch
        {
            "bytes" => BytePairEncodingTrainer.Train(texts, new() { VocabularySize = 320, Threads = threads }, log, progress, cancellationToken),
            "characters" => BytePairEncodingTrainer.Train(
                texts, new() { VocabularySize = 320, ByteLevel = false, SpecialTokens = ["<unk>"], UnknownToken = "<unk>", Threads = threads }, log, progress, cancellationToken),
            "suffixed" => BytePairEncodingTrainer.Train(
                texts, new() { VocabularySize = 320, ByteLevel = false, EndOfWordSuffix = "</w>", Threads = threads }, log, progress, cancellationToken),
            "WordPiece" => WordPieceTrainer.Train(texts, new() { VocabularySize = 320, Threads = threads }, log, progress, cancellationToken),
            "Unigram" => UnigramTrainer.Train(texts, new() { VocabularySize = 320, Threads = threads }, log, progress, cancellationToken),
            "WordLevel" => WordLevelTrainer.Train(texts, new() { VocabularySize = 320, Threads = threads }, log, progress, cancellationToken),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No such kind."),
        };
}
