using Ml.Llm.Engine;
using Ml.Llm.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Training;

/// <summary>AdamW over all weights of a model at once: the flat tensors of its <see cref="ParameterSet"/> and two of its own.</summary>
/// <remarks>
/// "Decoupled Weight Decay Regularization", Loshchilov and Hutter (arXiv 1711.05101), as torch.optim.AdamW computes it. On the
/// CPU it is one pass of <see cref="AdamWKernel"/> on the engine's threads, which writes the bf16 copy of the weights too; elsewhere
/// a dozen operators on whole tensors.
/// </remarks>
/// <threadsafety>Not safe: one step at a time.</threadsafety>
internal sealed unsafe class FlatAdamW : IDisposable
{
    private const long Grain = 1 << 15;
    private readonly ParameterSet parameters;
    private readonly TrainingOptions options;

    internal FlatAdamW(ParameterSet parameters, TrainingOptions options)
    {
        this.parameters = parameters;
        this.options = options;
        using var guard = no_grad();
        Mean = zeros_like(parameters.Values).DetachFromDisposeScope();
        Square = zeros_like(parameters.Values).DetachFromDisposeScope();
    }

    /// <summary>The running mean of gradients (exp_avg), [Count].</summary>
    internal Tensor Mean { get; }

    /// <summary>The running mean of squared gradients (exp_avg_sq), [Count].</summary>
    internal Tensor Square { get; }

    /// <summary>The updates made so far.</summary>
    internal long Steps { get; set; }

    /// <summary>Updates every weight, and its bf16 copy where there is one.</summary>
    /// <param name="learningRate">The rate of this update.</param>
    /// <param name="gradientScale">What gradients are multiplied by first: clipping.</param>
    internal void Step(double learningRate, double gradientScale)
    {
        Steps++;
        var step = AdamWStep.For(Steps, learningRate, options.AdamBeta1, options.AdamBeta2, options.AdamEpsilon, options.WeightDecay, gradientScale);
        if (parameters.Values.device_type == DeviceType.CPU)
            StepInOnePass(step);
        else
            StepByOperators(step);
    }

    public void Dispose()
    {
        Mean.Dispose();
        Square.Dispose();
    }

    private void StepInOnePass(AdamWStep step)
    {
        var weights = TensorMemory.Floats(parameters.Values);
        var gradients = TensorMemory.Floats(parameters.Gradients!);
        var mean = TensorMemory.Floats(Mean);
        var square = TensorMemory.Floats(Square);
        var compute = parameters.Compute is { } copy ? TensorMemory.Bf16(copy) : null;
        var decayCount = parameters.DecayCount;
        EngineThreads.For(parameters.Count, Grain, (begin, end) =>
        {
            var seam = Math.Clamp(decayCount, begin, end);
            AdamWKernel.Run(weights, gradients, mean, square, compute, begin, seam, step, step.Keep);
            AdamWKernel.Run(weights, gradients, mean, square, compute, seam, end, step, 1);
        });
    }

    private void StepByOperators(AdamWStep step)
    {
        using var guard = no_grad();
        using var scope = NewDisposeScope();
        var gradients = parameters.Gradients! * step.GradientScale;
        Mean.lerp_(gradients, step.OneMinusBeta1);
        Square.mul_(step.Beta2).addcmul_(gradients, gradients, step.OneMinusBeta2);
        parameters.Values.narrow(0, 0, parameters.DecayCount).mul_(step.Keep);
        parameters.Values.addcdiv_(Mean, Square.sqrt().mul_(step.RootCorrection).add_(step.Epsilon), -step.StepSize);
        parameters.RefreshCompute();
    }
}
