using Microsoft.ML;
using Microsoft.ML.Data;
using Ml.Llm.Data;

namespace Ml.Llm.Trainers.Tests;

[TestClass]
public sealed class CausalLanguageModelTests
{
    private readonly MLContext ml = new(seed: 1);

    [TestMethod]
    public void Options_by_new_are_not_ambiguous()
    {
        var config = Corpus.Config;
        Assert.IsNotNull(ml.Llm.Trainers.CausalLanguageModel(Corpus.Tokenizer, config, new() { SequenceLength = 16 }));
        Assert.IsNotNull(ml.Llm.Trainers.CausalLanguageModel(Corpus.Tokenizer, config, new()));
        using var model = LanguageModel.Create(config with { VocabSize = Corpus.Tokenizer.VocabularySize }, Corpus.Tokenizer);
        Assert.IsNotNull(ml.Llm.Trainers.CausalLanguageModel(model, new()));
        Assert.IsNotNull(ml.Llm.Trainers.CausalLanguageModel(Corpus.Tokenizer, config, "Text", 16));
    }

    [TestMethod]
    public void It_chains_with_other_estimators_and_declares_its_column()
    {
        var trainer = ml.Llm.Trainers.CausalLanguageModel(Corpus.Tokenizer, Corpus.Config, Corpus.Options(static options => options with { MaxSteps = 2 }));
        var data = Corpus.View(ml, Corpus.Texts(50));
        var chain = ml.Transforms.CopyColumns("Copy", "Text").Append(trainer);

        using var fitted = chain.Fit(data);
        Assert.AreEqual(TextDataViewType.Instance, fitted.GetOutputSchema(data.Schema)["GeneratedText"].Type);
    }

    [TestMethod]
    public void Training_goes_on_from_a_model_and_leaves_it_as_it_is()
    {
        var data = Corpus.View(ml, Corpus.Texts(200));
        using var first = ml.Llm.Trainers.CausalLanguageModel(Corpus.Tokenizer, Corpus.Config, Corpus.Options(static options => options with { MaxSteps = 40 })).Fit(data);
        var before = Corpus.Weights(first.Model);
        double? loss = null;
        using var second = ml.Llm.Trainers.CausalLanguageModel(first, Corpus.Options(options => options with { MaxSteps = 3, Progress = step => loss ??= step.Loss })).Fit(data);

        Assert.AreSequenceEqual(before, Corpus.Weights(first.Model));
        Assert.AreNotSequenceEqual(before, Corpus.Weights(second.Model));
        Assert.IsLessThan(Math.Log(Corpus.Tokenizer.VocabularySize) * 0.8, loss!.Value);
    }

    [TestMethod]
    public void A_column_of_ids_trains_like_its_texts()
    {
        var texts = Corpus.Texts(100);
        var ids = ml.Data.LoadFromEnumerable(texts.Select(static text => new IdRow { Text = [.. Corpus.Tokenizer.EncodeToIds(text)] }));
        using var fromIds = Trainer(static options => options).Fit(ids);
        using var fromText = Trainer(static options => options).Fit(Corpus.View(ml, texts));

        Assert.AreSequenceEqual(Corpus.Weights(fromText.Model), Corpus.Weights(fromIds.Model));
    }

    [TestMethod]
    public void Gpt2_trains_too()
    {
        var losses = new List<double>();
        var config = Gpt2Config.Tiny with { HiddenSize = 32, NumHiddenLayers = 1, MaxPositionEmbeddings = 64 };
        using var fitted = ml.Llm.Trainers.CausalLanguageModel(
            Corpus.Tokenizer, config, Corpus.Options(options => options with { MaxSteps = 60, Progress = step => losses.Add(step.Loss) })).Fit(Corpus.View(ml, Corpus.Texts(200)));

        Assert.IsLessThan(losses[0] * 0.75, losses[^1]);
        Assert.AreEqual(Corpus.Tokenizer.VocabularySize, fitted.Model.Config.VocabSize);
        Assert.AreEqual(Corpus.Tokenizer.SpecialTokens.Eos, fitted.Model.Config.EosTokenId);
    }

    [TestMethod]
    public void Rows_without_text_are_counted_and_passed_over()
    {
        var texts = Corpus.Texts(50);
        var run = Corpus.Train(static options => options, [.. texts.Take(10), null, "", .. texts.Skip(10), ""]);
        var without = Corpus.Train(static options => options, texts);

        Assert.IsTrue(run.Log.Exists(static line => line.Contains("3 of 53 rows", StringComparison.Ordinal)), string.Join('\n', run.Log));
        Assert.AreSequenceEqual(without.Weights, run.Weights);
    }

    [TestMethod]
    public void An_empty_corpus_is_refused()
    {
        Assert.Contains("no rows", Assert.ThrowsExactly<DataFormatException>(() => Corpus.Train(static options => options, [])).Message);
        Assert.Contains("2 rows", Assert.ThrowsExactly<DataFormatException>(() => Corpus.Train(static options => options, ["", null])).Message);
    }

    [TestMethod]
    public void A_missing_column_and_a_column_of_another_type_are_refused_by_name()
    {
        var data = ml.Data.LoadFromEnumerable([new NumberRow { Text = 1 }]);
        Assert.AreEqual("Text", Assert.ThrowsExactly<DataFormatException>(() => Trainer(static options => options).Fit(data)).Column);
        var trainer = ml.Llm.Trainers.CausalLanguageModel(Corpus.Tokenizer, Corpus.Config, Corpus.Options() with { TextColumnName = "Body" });
        Assert.AreEqual("Body", Assert.ThrowsExactly<DataFormatException>(() => trainer.Fit(Corpus.View(ml, ["a"]))).Column);
    }

    [TestMethod]
    public void A_sequence_longer_than_the_models_is_refused()
    {
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => ml.Llm.Trainers.CausalLanguageModel(Corpus.Tokenizer, Corpus.Config, new() { SequenceLength = 65 }));
        Assert.Contains("64", error.Message);
    }

    [TestMethod]
    public void Token_ids_outside_the_vocabulary_are_refused_with_their_row()
    {
        var data = ml.Data.LoadFromEnumerable([new IdRow { Text = [1, 2] }, new IdRow { Text = [3, 100_000] }]);
        Assert.AreEqual(1, Assert.ThrowsExactly<DataFormatException>(() => Trainer(static options => options).Fit(data)).Row);
    }

    [TestMethod]
    public void A_corpus_shorter_than_one_row_trains()
    {
        var run = Corpus.Train(static options => options with { MaxSteps = 3 }, ["a b"]);

        Assert.HasCount(3, run.Steps);
        Assert.IsLessThan(32, run.Steps[0].StepTokens);
    }

    [TestMethod]
    public void Epochs_go_over_every_token_once()
    {
        var run = Corpus.Train(static options => options with { MaxSteps = null, NumTrainEpochs = 2 }, Corpus.Texts(60));
        var tokens = Corpus.Texts(60).Sum(static text => Corpus.Tokenizer.EncodeToIds(text).Count + 1);

        Assert.AreEqual(2 * (tokens - 1), run.Steps[^1].Tokens);
        Assert.AreEqual(2, run.Steps[^1].Epoch, 1e-9);
    }

    [TestMethod]
    public void The_held_out_share_is_chosen_by_the_documents_alone()
    {
        var texts = Corpus.Texts(300);
        var all = HeldOut(texts).ToHashSet();
        var reversed = HeldOut(texts.AsEnumerable().Reverse()).ToHashSet();

        Assert.IsTrue(all.SetEquals(reversed));
        Assert.IsInRange(35, 85, all.Count);

        static IEnumerable<string> HeldOut(IEnumerable<string> texts) =>
            texts.Where(static text => new Document(0, text, null).IsHeldOut(0.2));
    }

    [TestMethod]
    public void Temporary_token_files_are_gone_after_Fit()
    {
        using var folder = new TemporaryFolder();
        ml.TempFilePath = folder.Path;
        using var fitted = Trainer(static options => options with { MaxSteps = 2 }).Fit(Corpus.View(ml, Corpus.Texts(10)));

        Assert.IsEmpty(Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    public void Two_runs_on_one_checkpoint_folder_are_refused()
    {
        using var folder = new TemporaryFolder();
        CheckpointLockedException? error = null;
        Corpus.Train(options => options with
        {
            MaxSteps = 2,
            CheckpointFolder = folder.Path,
            Resume = true,
            Progress = _ => error = Assert.ThrowsExactly<CheckpointLockedException>(
                () => Corpus.Train(inner => inner with { CheckpointFolder = folder.Path, Resume = true })),
        });

        Assert.AreEqual(folder.Path, error!.Folder);
    }

    private CausalLanguageModelTrainer Trainer(Func<TrainingOptions, TrainingOptions> change) =>
        ml.Llm.Trainers.CausalLanguageModel(Corpus.Tokenizer, Corpus.Config, Corpus.Options(change));

    private sealed class IdRow
    {
        public int[] Text { get; set; } = [];
    }

    private sealed class NumberRow
    {
        public float Text { get; set; }
    }
}
