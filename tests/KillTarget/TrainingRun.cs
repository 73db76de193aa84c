using Microsoft.ML;

namespace Ml.Llm.KillTarget;

/// <summary>Real training of a tiny model through the public API, with a checkpoint after every step. It goes on where the folder's last run was killed.</summary>
public static class TrainingRun
{
    /// <summary>More steps than any kill waits for.</summary>
    private const long Steps = 1_000_000;

    public static int Run(string folder)
    {
        Console.WriteLine("ready");
        Fit(folder, static step => Console.WriteLine($"saved {step}"), CancellationToken.None);
        return 0;
    }

    /// <summary>Trains until cancelled.</summary>
    /// <param name="folder">The folder of checkpoints.</param>
    /// <param name="saved">Told each step that is saved.</param>
    /// <param name="cancellationToken">Ends training.</param>
    /// <returns>The model's weights after the last step.</returns>
    public static float[] Fit(string folder, Action<long> saved, CancellationToken cancellationToken)
    {
        var ml = new MLContext(seed: 1);
        var corpus = ml.Data.LoadFromEnumerable(Enumerable.Range(0, 200).Select(static i => new Row { Text = $"Row {i} of {i % 7} follows row {i - 1}." }));
        var tokenizer = ml.Llm.Tokenizers.TrainBytePairEncoding(corpus, "Text", 280);
        var config = LlamaConfig.Tiny with { HiddenSize = 32, IntermediateSize = 64, NumHiddenLayers = 1, NumAttentionHeads = 2, NumKeyValueHeads = 1, MaxPositionEmbeddings = 32 };
        var trainer = ml.Llm.Trainers.CausalLanguageModel(tokenizer, config, new()
        {
            SequenceLength = 16,
            Training = new()
            {
                MaxSteps = Steps, BatchSize = 2, LearningRate = 1e-3, Precision = Precision.Fp32, ValidationFraction = 0.2, EvaluateEverySteps = 3, MaxEvaluationBatches = 1,
                LoadBestModelAtEnd = false, CheckpointFolder = folder, CheckpointEverySteps = 1, Resume = true, Progress = step => saved(step.Step),
            },
        });
        using var fitted = trainer.Fit(corpus, null, cancellationToken);
        return fitted.Model.Network.Parameters.Values.data<float>().ToArray();
    }

    private sealed class Row
    {
        public string Text { get; set; } = "";
    }
}
