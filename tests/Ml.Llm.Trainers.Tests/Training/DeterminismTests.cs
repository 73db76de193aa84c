using Ml.Llm.Data;

namespace Ml.Llm.Trainers.Tests;

[TestClass]
public sealed class DeterminismTests
{
    [TestMethod]
    public void The_same_seed_twice_gives_the_same_losses_and_weights_to_the_last_bit()
    {
        var first = Corpus.Train(static options => options);
        var second = Corpus.Train(static options => options);

        Assert.AreSequenceEqual(first.Losses, second.Losses);
        Assert.AreSequenceEqual(first.Weights, second.Weights);
    }

    [TestMethod]
    public void Another_seed_gives_another_run()
    {
        var first = Corpus.Train(static options => options);
        var second = Corpus.Train(static options => options with { Seed = 8 });

        Assert.AreNotSequenceEqual(first.Losses, second.Losses);
    }

    [TestMethod]
    public void Eight_passes_of_one_row_are_the_same_step_as_one_pass_of_eight_rows()
    {
        var whole = Corpus.Train(static options => options with { BatchSize = 8, GradientAccumulationSteps = 1 });
        var parts = Corpus.Train(static options => options with { BatchSize = 1, GradientAccumulationSteps = 8 });

        for (var i = 0; i < whole.Losses.Length; i++)
            Assert.AreEqual(whole.Losses[i], parts.Losses[i], 1e-5 * whole.Losses[i], $"step {i + 1}");
    }

    [TestMethod]
    public void A_model_learns_what_its_corpus_repeats()
    {
        var run = Corpus.Train(static options => options with { MaxSteps = 80 });

        Assert.IsLessThan(run.Losses[0] / 2, run.Losses[^1]);
    }

    [TestMethod]
    public void The_number_of_threads_changes_no_token()
    {
        var documents = Corpus.Texts(500).Select(static (text, row) => new Document(row, text, null)).ToList();
        List<int> Encode(int threads)
        {
            var all = new List<int>();
            new CorpusEncoder(Corpus.Tokenizer, Corpus.Tokenizer.VocabularySize, Corpus.Tokenizer.SpecialTokens.Eos!.Value, threads)
                .Run(documents, (_, ids) => all.AddRange(ids), CancellationToken.None);
            return all;
        }

        Assert.AreSequenceEqual(Encode(1), Encode(4));
    }
}
