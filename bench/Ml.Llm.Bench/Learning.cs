using System.Text.Json.Nodes;
using Microsoft.ML;
using Ml.Llm.Bench.Training;
using TorchSharp;

namespace Ml.Llm.Bench;

/// <summary>
/// Whether variant default learns as well as plain: both start from the same weights, see the same rows of documentation in
/// the same order on the shape of causal14, and are evaluated on the same held-out rows.
/// </summary>
internal static class Learning
{
    private const int Marks = 3;
    private const int HeldOutBatches = 32;
    private const double LearningRate = 6e-4;

    internal static void Run(BenchOptions options)
    {
        var shape = TrainingShape.Of("causal14");
        var ml = new MLContext(seed: 1);
        var text = DocumentationTokens.Load(ml);
        var tokenizer = ml.Llm.Tokenizers.TrainBytePairEncoding(text.TrainSet, DocumentationTokens.Column, shape.Config.VocabSize);
        var tokensPerStep = shape.Batch * shape.Length;
        var training = DocumentationTokens.Encode(text.TrainSet, tokenizer, options.Tokens / tokensPerStep * tokensPerStep);
        var heldOut = DocumentationTokens.Encode(text.TestSet, tokenizer, HeldOutBatches * tokensPerStep);
        var order = Enumerable.Range(0, training.Length / shape.Length).ToArray();
        new Random(1).Shuffle(order);

        using var fast = new DefaultTraining(shape.Config.ToShape(), options.Precision, LearningRate);
        using var plain = new PlainTraining(shape.Config.ToShape(), options.Precision, fast.Model.Parameters, LearningRate);
        var steps = order.Length / shape.Batch;
        for (var step = 1; step <= steps; step++)
        {
            using var scope = torch.NewDisposeScope();
            var (ids, labels) = Batch(training, order.AsSpan((step - 1) * shape.Batch, shape.Batch), shape);
            fast.Step(ids, labels);
            plain.Step(ids, labels);
            if (step * Marks / steps > (step - 1) * Marks / steps)
                Write(step * tokensPerStep, options.Precision, Evaluate(fast.Evaluate, heldOut, shape), Evaluate(plain.Evaluate, heldOut, shape));
        }
    }

    private static void Write(long tokens, string precision, double fast, double plain) => Report.Line(new JsonObject
    {
        ["job"] = "learning",
        ["unit"] = "held-out nats/token",
        ["tokens"] = tokens,
        ["precision"] = precision,
        ["default"] = Math.Round(fast, 4),
        ["plain"] = Math.Round(plain, 4),
        ["ratio"] = Math.Round(fast / plain, 4),
    });

    private static double Evaluate(Func<torch.Tensor, torch.Tensor, double> loss, int[] heldOut, TrainingShape shape)
    {
        double sum = 0;
        for (var batch = 0; batch < HeldOutBatches; batch++)
        {
            using var scope = torch.NewDisposeScope();
            int[] rows = [.. Enumerable.Range(batch * shape.Batch, shape.Batch)];
            var (ids, labels) = Batch(heldOut, rows, shape);
            sum += loss(ids, labels);
        }

        return sum / HeldOutBatches;
    }

    private static (torch.Tensor Ids, torch.Tensor Labels) Batch(int[] tokens, ReadOnlySpan<int> rows, TrainingShape shape)
    {
        var ids = new long[rows.Length * shape.Length];
        for (var row = 0; row < rows.Length; row++)
        {
            for (var t = 0; t < shape.Length; t++)
                ids[(row * shape.Length) + t] = tokens[(rows[row] * shape.Length) + t];
        }

        return TrainingRules.Rows(ids, rows.Length, shape.Length);
    }
}
