using Ml.Llm.Data;

namespace Ml.Llm.Trainers.Tests;

[TestClass]
public sealed class DiskTests
{
    [TestMethod]
    public void A_folder_that_cannot_be_written_is_refused_before_training()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("file"), "");
        var steps = 0;

        var error = Assert.ThrowsExactly<CheckpointException>(
            () => Corpus.Train(options => options with { CheckpointFolder = folder.File("file/checkpoints"), Progress = _ => steps++ }));
        Assert.Contains("file", error.Folder);
        Assert.AreEqual(0, steps);
    }

    [TestMethod]
    public void A_checkpoint_that_cannot_be_written_stops_training_and_the_one_before_is_gone_on_from()
    {
        using var folder = new TemporaryFolder();
        using var other = new TemporaryFolder();
        TrainingOptions Plan(TrainingOptions options) => options with { CheckpointFolder = folder.Path, CheckpointEverySteps = 4, Resume = true };
        var straight = Corpus.Train(options => Plan(options) with { CheckpointFolder = other.Path });

        // A folder of a checkpoint's name that is not ours to replace stands for a disk that refuses.
        var blocked = folder.File("step-00000008");
        Assert.ThrowsExactly<CheckpointException>(() => Corpus.Train(options => Plan(options) with
        {
            Progress = step =>
            {
                if (step.Step == 5)
                    File.WriteAllText(blocked, "");
            },
        }));
        File.Delete(blocked);
        var resumed = Corpus.Train(Plan);

        Assert.AreEqual(5, resumed.Steps[0].Step);
        Assert.AreSequenceEqual(straight.Weights, resumed.Weights);
    }

    [TestMethod]
    public void A_full_disk_stops_training_at_the_checkpoint_with_its_folder_named()
    {
        using var folder = new TemporaryFolder();
        var free = long.MaxValue;
        var store = new Checkpoints.CheckpointStore(folder.Path, 2, static _ => { }) { FreeBytes = _ => free };
        using var held = store.AcquireLock();
        using var model = LanguageModel.Create(Corpus.Config with { VocabSize = Corpus.Tokenizer.VocabularySize }, Corpus.Tokenizer);
        var options = Corpus.Options(training => training with
        {
            CheckpointEverySteps = 3,
            CheckpointFolder = folder.Path,
            Progress = step => free = step.Step == 4 ? 1000 : free,
        }).Training;
        using var tokens = TokenFiles.Write(folder.File("corpus.tokens"), Corpus.Tokenizer, Corpus.Texts(100));
        var objective = new Llm.Training.CausalLanguageModelObjective(model.Network, new TokenWindows(tokens, 32), null, options);
        using var loop = new Llm.Training.TrainingLoop(
            objective, options, new Dictionary<string, string>(), store, new Llm.Training.TrainingLog(static _ => { }, static _ => { }));

        var error = Assert.ThrowsExactly<CheckpointException>(() => loop.Run(CancellationToken.None));
        Assert.AreEqual(folder.Path, error.Folder);
        Assert.AreEqual(3, store.OpenNewest()!.Step);
    }
}
