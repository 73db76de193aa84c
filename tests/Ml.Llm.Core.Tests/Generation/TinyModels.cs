using Ml.Llm.Models;
using TorchSharp;

namespace Ml.Llm.Core.Tests.Generation;

/// <summary>Random models of both shapes whose weights are wide enough for their answers to vary.</summary>
internal static class TinyModels
{
    internal const int Vocabulary = 300;

    internal static DecoderModel Llama(torch.ScalarType type = torch.ScalarType.Float32) => new(
        (LlamaConfig.Tiny with { VocabSize = Vocabulary, NumKeyValueHeads = 2, MaxPositionEmbeddings = 64 }).ToShape(), type, seed: 3, initializerRange: 0.15f);

    internal static DecoderModel Gpt2() => new(
        (Gpt2Config.Tiny with { VocabSize = Vocabulary, MaxPositionEmbeddings = 64 }).ToShape(), seed: 4, initializerRange: 0.15f);

    internal static DecoderModel Make(string shape) => shape == "llama" ? Llama() : Gpt2();

    /// <summary>Prompts of different lengths, the same at every call.</summary>
    internal static int[][] Prompts(int count)
    {
        var random = new Random(11);
        return [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, random.Next(1, 20)).Select(_ => random.Next(Vocabulary)).ToArray())];
    }

    internal static ulong[] Seeds(int count) => [.. Enumerable.Range(0, count).Select(i => (ulong)(1000 + i))];
}
