using Microsoft.ML;

namespace Ml.Llm.Trainers.Tests;

/// <summary>A small corpus with structure to learn, its tokenizer, and trainers of a tiny model on it.</summary>
internal static class Corpus
{
    private static readonly Lazy<LanguageModelTokenizer> Trained = new(() =>
        Ml.Llm.BytePairEncodingTrainer.Train(Texts(400), new BytePairEncodingOptions { VocabularySize = 300 }, null, null, CancellationToken.None));

    internal static LanguageModelTokenizer Tokenizer => Trained.Value;

    internal static LlamaConfig Config { get; } = LlamaConfig.Tiny with
    {
        HiddenSize = 32,
        IntermediateSize = 64,
        NumHiddenLayers = 1,
        NumAttentionHeads = 2,
        NumKeyValueHeads = 1,
        MaxPositionEmbeddings = 64,
    };

    /// <summary>Sentences in which the last words follow from the first.</summary>
    internal static List<string> Texts(int count, int seed = 0)
    {
        string[] animals = ["cat", "dog", "owl", "fox", "hen"];
        string[] places = ["house", "yard", "wood", "den", "barn"];
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            var which = random.Next(animals.Length);
            return $"Number {i}: the {animals[which]} sleeps in the {places[which]} after {random.Next(1, 100)} days.";
        })];
    }

    internal static IDataView View(MLContext ml, IEnumerable<string?> texts) =>
        ml.Data.LoadFromEnumerable(texts.Select(text => new Row { Text = text! }));

    internal static CausalLanguageModelOptions Options(Func<TrainingOptions, TrainingOptions>? change = null)
    {
        var training = new TrainingOptions
        {
            MaxSteps = 12, BatchSize = 4, LearningRate = 3e-3, Schedule = LearningRateSchedule.Cosine, WarmupSteps = 2, WeightDecay = 0.1,
            Precision = Precision.Fp32, Seed = 7, KeepEngineMemory = false,
        };
        return new CausalLanguageModelOptions { SequenceLength = 32, Training = change is null ? training : change(training) };
    }

    /// <summary>Trains the tiny model and gives back its weights and the losses of its steps.</summary>
    internal static Run Train(Func<TrainingOptions, TrainingOptions> change, IEnumerable<string?>? texts = null, IEnumerable<string?>? validation = null, CancellationToken cancellationToken = default)
    {
        var ml = new MLContext(seed: 1);
        var steps = new List<TrainingProgress>();
        var log = new List<string>();
        ml.Log += (_, entry) => log.Add(entry.Message);
        var options = Options(training =>
        {
            var changed = change(training);
            return changed with { Progress = step => { steps.Add(step); changed.Progress?.Invoke(step); } };
        });
        var trainer = ml.Llm.Trainers.CausalLanguageModel(Tokenizer, Config, options);
        using var fitted = trainer.Fit(View(ml, texts ?? Texts(400)), validation is null ? null : View(ml, validation), cancellationToken);
        return new Run(Weights(fitted.Model), steps, log);
    }

    internal static float[] Weights(LanguageModel model) => model.Network.Parameters.Values.data<float>().ToArray();

    internal sealed record Run(float[] Weights, List<TrainingProgress> Steps, List<string> Log)
    {
        internal double[] Losses => [.. Steps.Select(static step => step.Loss)];
    }

    internal sealed class Row
    {
        public string Text { get; set; } = "";
    }
}
