using Microsoft.ML;
using Ml.Llm;

internal static class EntryPoints
{
    /// <summary>Comes in by each door that needs the engine, and writes what is said there.</summary>
    internal static void Call(string zip)
    {
        var ml = new MLContext(seed: 1);
        var corpus = ml.Data.LoadFromEnumerable(Enumerable.Range(0, 50).Select(i => new Document { Text = $"Row {i} of a small corpus." }));
        var tokenizer = ml.Llm.Tokenizers.TrainBytePairEncoding(corpus, "Text", vocabularySize: 300); // Needs no engine.
        (string Door, Action Enter)[] doors =
        [
            (nameof(TorchEngine.EnsureLoaded), TorchEngine.EnsureLoaded),
            (nameof(LanguageModel.Create), () => LanguageModel.Create(LlamaConfig.Tiny with { VocabSize = tokenizer.VocabularySize }, tokenizer)),
            ("Fit", () => ml.Llm.Trainers.CausalLanguageModel(tokenizer, LlamaConfig.Tiny, new CausalLanguageModelOptions { TextColumnName = "Text" }).Fit(corpus)),
            ("Load", () => ml.Model.Load(zip, out _)),
        ];
        foreach (var (door, enter) in doors)
        {
            try
            {
                enter();
                Console.WriteLine($"{door}: nothing was said");
            }
            catch (Exception failure)
            {
                // ML.NET wraps what a loader throws.
                var told = failure;
                while (told is not EngineNotFoundException && told.InnerException is { } inner)
                    told = inner;
                Console.WriteLine($"{door}: {told.GetType().Name}: {told.Message}");
            }
        }
    }
}
