using Ml.Llm.Bench.Plain;
using Ml.Llm.Models;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Ml.Llm.Bench.Training;

/// <summary>Variant plain: modules, SDPA, full logits, an AdamW that goes through the parameters one by one, casts at each use.</summary>
internal sealed class PlainTraining : IDisposable
{
    private readonly PlainDecoder model;
    private readonly TorchSharp.Modules.Parameter[] parameters;
    private readonly AdamW optimizer;

    internal PlainTraining(DecoderShape shape, string precision, ParameterSet? weights = null, double learningRate = TrainingRules.LearningRate)
    {
        model = new PlainDecoder(shape, TrainingRules.ComputeType(precision));
        if (weights is not null)
            model.Load(weights);
        parameters = [.. model.parameters()];
        optimizer = optim.AdamW(
        [
            Group(parameters.Where(static parameter => parameter.dim() > 1), TrainingRules.WeightDecay, learningRate),
            Group(parameters.Where(static parameter => parameter.dim() == 1), 0, learningRate),
        ]);
    }

    internal long ParameterCount => model.ParameterCount;

    /// <summary>One optimizer step.</summary>
    /// <returns>The loss.</returns>
    internal double Step(Tensor ids, Tensor labels)
    {
        using var scope = NewDisposeScope();
        optimizer.zero_grad();
        var loss = model.Loss(ids, labels);
        loss.backward();
        nn.utils.clip_grad_norm_(parameters, TrainingRules.MaxGradNorm);
        optimizer.step();
        return loss.item<float>();
    }

    /// <summary>The mean loss without training.</summary>
    internal double Evaluate(Tensor ids, Tensor labels)
    {
        using var guard = no_grad();
        using var scope = NewDisposeScope();
        return model.Loss(ids, labels).item<float>();
    }

    public void Dispose()
    {
        optimizer.Dispose();
        model.Dispose();
    }

    private static AdamW.ParamGroup Group(IEnumerable<TorchSharp.Modules.Parameter> parameters, double decay, double learningRate) =>
        new(parameters, learningRate, TrainingRules.Beta1, TrainingRules.Beta2, weight_decay: decay);
}
