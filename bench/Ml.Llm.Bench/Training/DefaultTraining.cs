using Ml.Llm.Models;
using Ml.Llm.Training;
using static TorchSharp.torch;

namespace Ml.Llm.Bench.Training;

/// <summary>Variant default through the bare loop: our decoder, loss and optimizer, and nothing else.</summary>
internal sealed class DefaultTraining : IDisposable
{
    private readonly FlatAdamW optimizer;
    private readonly double learningRate;

    internal DefaultTraining(DecoderShape shape, string precision, double learningRate = TrainingRules.LearningRate)
    {
        this.learningRate = learningRate;
        Model = new DecoderModel(shape, TrainingRules.ComputeType(precision), seed: 1);
        Model.Parameters.EnableTraining();
        optimizer = new FlatAdamW(Model.Parameters, TrainingRules.Options(precision, batch: 1));
    }

    /// <summary>What is trained.</summary>
    internal DecoderModel Model { get; }

    /// <summary>One optimizer step.</summary>
    /// <returns>The loss.</returns>
    internal double Step(Tensor ids, Tensor labels)
    {
        using var scope = NewDisposeScope();
        var tokens = ids.numel() - ids.size(0);
        Model.Parameters.BeginStep();
        var result = Model.CausalLoss(Model.Forward(ids), labels, 1.0 / tokens);
        result.Loss.backward();
        Model.Parameters.FinishBackward();
        var norm = GradientNorm.Of(Model.Parameters.Gradients!);
        optimizer.Step(learningRate, GradientNorm.ClipScale(norm, TrainingRules.MaxGradNorm));
        return result.Sum / result.Count;
    }

    /// <summary>The mean loss without training.</summary>
    internal double Evaluate(Tensor ids, Tensor labels)
    {
        using var guard = no_grad();
        using var scope = NewDisposeScope();
        var result = Model.CausalLoss(Model.Forward(ids), labels, 1);
        return result.Sum / result.Count;
    }

    public void Dispose()
    {
        optimizer.Dispose();
        Model.Dispose();
    }
}
