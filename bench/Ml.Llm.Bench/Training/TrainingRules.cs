using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Bench.Training;

/// <summary>What all training jobs share: AdamW's numbers, clipping, and rows of random ids.</summary>
internal static class TrainingRules
{
    internal const double LearningRate = 1e-4;
    internal const double MaxGradNorm = 1.0;
    internal const double WeightDecay = 0.1;
    internal const double Beta1 = 0.9;
    internal const double Beta2 = 0.95;

    /// <summary>The same numbers as the trainer's options.</summary>
    internal static TrainingOptions Options(string precision, int batch) => new()
    {
        BatchSize = batch,
        LearningRate = LearningRate,
        Schedule = LearningRateSchedule.Constant,
        AdamBeta1 = Beta1,
        AdamBeta2 = Beta2,
        WeightDecay = WeightDecay,
        MaxGradNorm = MaxGradNorm,
        Precision = precision == "bf16" ? Precision.Bf16 : Precision.Fp32,
        Seed = 1,
        LoadBestModelAtEnd = false,
    };

    internal static ScalarType ComputeType(string precision) => precision == "bf16" ? ScalarType.BFloat16 : ScalarType.Float32;

    /// <summary>Random rows and their labels: the next token, none for the last.</summary>
    /// <returns>Two [batch, length] int64 tensors.</returns>
    internal static (Tensor Ids, Tensor Labels) RandomRows(TrainingShape shape, Random random)
    {
        var ids = new long[shape.Batch * shape.Length];
        for (var i = 0; i < ids.Length; i++)
            ids[i] = random.Next(shape.Config.VocabSize);
        return Rows(ids, shape.Batch, shape.Length);
    }

    /// <summary>Rows of given ids and their labels.</summary>
    internal static (Tensor Ids, Tensor Labels) Rows(long[] ids, int batch, int length)
    {
        var labels = new long[ids.Length];
        for (var i = 0; i < ids.Length; i++)
            labels[i] = (i + 1) % length == 0 ? -100 : ids[i + 1];
        return (tensor(ids, [batch, length]), tensor(labels, [batch, length]));
    }
}
