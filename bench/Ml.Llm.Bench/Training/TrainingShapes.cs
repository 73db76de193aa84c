namespace Ml.Llm.Bench.Training;

/// <summary>The training jobs: a model's shape and the rows of a step.</summary>
internal sealed record TrainingShape(string Job, ModelConfig Config, int Batch, int Length)
{
    internal static readonly IReadOnlyList<TrainingShape> All =
    [
        new("causal14", Gpt(layers: 6, heads: 6, width: 384, vocabulary: 8_192, positions: 256), 8, 256),
        new("llama", new LlamaConfig
        {
            NumHiddenLayers = 6, NumAttentionHeads = 6, HiddenSize = 384, IntermediateSize = 1_024, VocabSize = 8_192,
            MaxPositionEmbeddings = 256, TieWordEmbeddings = true,
        }, 8, 256),
        new("causal124", Gpt(layers: 12, heads: 12, width: 768, vocabulary: 50_257, positions: 1_024), 2, 512),
    ];

    internal static TrainingShape Of(string job) => All.Single(shape => shape.Job == job);

    private static Gpt2Config Gpt(int layers, int heads, int width, int vocabulary, int positions) => new()
    {
        NumHiddenLayers = layers, NumAttentionHeads = heads, HiddenSize = width, VocabSize = vocabulary,
        MaxPositionEmbeddings = positions, TieWordEmbeddings = true, AttnPdrop = 0, EmbdPdrop = 0, ResidPdrop = 0,
    };
}
