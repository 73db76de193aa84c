using static TorchSharp.torch;

namespace Ml.Llm.Bench.Training;

/// <summary>A training job through a bare loop: each step draws random rows and trains on them, the loss read.</summary>
internal sealed class LoopContender : SteppedContender
{
    private readonly TrainingShape shape;
    private readonly Func<Tensor, Tensor, double> step;
    private readonly IDisposable training;
    private readonly Random random = new(1);

    private LoopContender(TrainingShape shape, Func<Tensor, Tensor, double> step, IDisposable training) =>
        (this.shape, this.step, this.training) = (shape, step, training);

    internal static LoopContender Plain(TrainingShape shape, string precision)
    {
        var training = new PlainTraining(shape.Config.ToShape(), precision);
        return Of(shape, precision, "plain", training.ParameterCount, training.Step, training);
    }

    internal static LoopContender Default(TrainingShape shape, string precision)
    {
        var training = new DefaultTraining(shape.Config.ToShape(), precision);
        return Of(shape, precision, "default", training.Model.Parameters.ParameterCount, training.Step, training);
    }

    internal override double Step()
    {
        using var scope = NewDisposeScope();
        var (ids, labels) = TrainingRules.RandomRows(shape, random);
        var loss = step(ids, labels);
        return double.IsFinite(loss) ? ids.numel() : throw new InvalidOperationException($"{Job} {Variant} {Precision}: the loss is {loss}.");
    }

    public override void Dispose() => training.Dispose();

    private static LoopContender Of(TrainingShape shape, string precision, string variant, long parameters, Func<Tensor, Tensor, double> step, IDisposable training) =>
        new(shape, step, training)
        {
            Job = shape.Job, Unit = "tokens/s", Precision = precision, Variant = variant, Through = "loop", Params = parameters,
        };
}
