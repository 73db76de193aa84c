using Microsoft.ML;

namespace Ml.Llm.Transforms.Tests.Generation;

/// <summary>A model of a few thousand weights, untrained: what it says is noise, but always the same noise.</summary>
internal static class TinyModel
{
    private static readonly Lazy<LanguageModelTokenizer> Tokenizer = new(() =>
    {
        var ml = new MLContext();
        var rows = Enumerable.Range(0, 20).Select(i => new Prompt { Text = $"the cat number {i} sat on the mat and saw the bat" });
        return ml.Llm.Tokenizers.TrainBytePairEncoding(ml.Data.LoadFromEnumerable(rows), "Text", vocabularySize: 300);
    });

    public static LanguageModel Create(int seed = 0)
    {
        var config = LlamaConfig.Tiny with { VocabSize = Tokenizer.Value.VocabularySize, HiddenSize = 32, IntermediateSize = 48, NumHiddenLayers = 2, InitializerRange = 0.2f };
        return LanguageModel.Create(config, Tokenizer.Value, seed);
    }
}

internal sealed class Prompt
{
    public string Text { get; set; } = "";

    public long Seed { get; set; }
}

internal sealed class Answer
{
    public string GeneratedText { get; set; } = "";
}
