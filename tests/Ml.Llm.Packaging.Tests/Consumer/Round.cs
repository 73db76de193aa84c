using Microsoft.ML;
using Microsoft.ML.Tokenizers;
using Ml.Llm;

internal sealed class Document
{
    public string Text { get; set; } = "";
}

internal sealed class Completion
{
    public string GeneratedText { get; set; } = "";
}

/// <summary>Trains and saves in one process, loads and completes in another; both write the same completions.</summary>
internal static class Round
{
    private static readonly Document[] Prompts = [new() { Text = "Gets the" }, new() { Text = "Returns" }, new() { Text = "Gets or sets the length" }];

    internal static void Train()
    {
        File.WriteAllLines("corpus.txt", Enumerable.Range(0, 300).SelectMany(i => (string[])
        [
            $"Gets the {Word(i)} of the {Word(i + 1)}.",
            $"Returns a {Word(i + 2)} for the {Word(i)} with index {i}.",
            "",
        ]));

        var ml = new MLContext(seed: 1);
        IDataView corpus = ml.Llm.Data.LoadText("corpus.txt");
        LanguageModelTokenizer tokenizer = ml.Llm.Tokenizers.TrainBytePairEncoding(corpus, "Text", vocabularySize: 320);
        Tokenizer asTheirs = tokenizer;
        var pretrain = ml.Llm.Trainers.CausalLanguageModel(tokenizer, LlamaConfig.Tiny, new CausalLanguageModelOptions
        {
            TextColumnName = "Text",
            SequenceLength = 64,
            Training = new()
            {
                MaxSteps = 20, BatchSize = 4, LearningRate = 3e-3, Schedule = LearningRateSchedule.Cosine, WarmupRatio = 0.05,
                Precision = Precision.Auto, Seed = 1, ValidationFraction = 0.05, EvaluateEverySteps = 10,
                CheckpointFolder = "checkpoints", Resume = true, MetricsFile = "metrics.jsonl", Progress = step => { },
            },
            Generation = new() { MaxNewTokens = 12 },
        });
        LanguageModelTransformer baseModel = pretrain.Fit(corpus);
        LanguageModelTransformer sampled = baseModel.WithGeneration(new() { MaxNewTokens = 12, DoSample = true, Temperature = 0.8, TopP = 0.9, Seed = 1 });
        LanguageModel inside = baseModel.Model;
        ml.Model.Save(baseModel, corpus.Schema, "base.zip");
        ml.Model.Save(sampled, corpus.Schema, "sampled.zip");
        inside.SaveHuggingFace("folder/");
        tokenizer.Save("out/tokenizer.json");
        Write(ml, baseModel, "greedy");
        Write(ml, sampled, "sampled");
        Console.WriteLine($"{asTheirs.EncodeToIds("Gets the").Count} tokens, {inside.ParameterCount} weights");
    }

    internal static void Complete()
    {
        var ml = new MLContext(seed: 1);
        ITransformer again = ml.Model.Load("base.zip", out var schema);
        Write(ml, again, "greedy");
        Write(ml, ml.Model.Load("sampled.zip", out _), "sampled");
        LanguageModel model = LanguageModel.FromPretrained("folder/");
        LanguageModelTokenizer theirs = LanguageModelTokenizer.FromPretrained("out/tokenizer.json");
        Console.WriteLine($"{theirs.EncodeToIds("Gets the").Count} tokens, {model.ParameterCount} weights");
    }

    private static void Write(MLContext ml, ITransformer transformer, string name)
    {
        IDataView completed = transformer.Transform(ml.Data.LoadFromEnumerable(Prompts));
        foreach (var row in ml.Data.CreateEnumerable<Completion>(completed, reuseRowObject: false))
            Console.WriteLine($"{name} batch: {row.GeneratedText.ReplaceLineEndings(" ")}");
        var engine = ml.Model.CreatePredictionEngine<Document, Completion>(transformer);
        foreach (var prompt in Prompts)
            Console.WriteLine($"{name} single: {engine.Predict(prompt).GeneratedText.ReplaceLineEndings(" ")}");
    }

    private static string Word(int i) => ((string[])["length", "name", "value", "stream", "type", "collection", "index"])[i % 7];
}
