using Ml.Llm.Engine;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Models.Layers;

/// <summary>One use of a hand-written layer function: what its forward keeps for its backward.</summary>
internal abstract class LayerStep
{
    /// <summary>The number of tensors that the step was run over.</summary>
    internal int Inputs { get; set; }

    /// <summary>Computes the outputs. Runs without gradient recording.</summary>
    /// <param name="inputs">The tensors given to <see cref="LayerFunction.Run"/>.</param>
    /// <param name="training">Whether backward will follow, so that what it needs is kept.</param>
    internal abstract Tensor[] Forward(Tensor[] inputs, bool training);

    /// <summary>
    /// Writes the weights' gradients and returns the inputs', null for those without. Called once; tensors kept by forward
    /// are released here.
    /// </summary>
    /// <param name="gradients">The outputs' gradients, contiguous; null for an output that nothing used.</param>
    internal abstract Tensor?[] Backward(Tensor?[] gradients);
}

/// <summary>Chains <see cref="LayerStep"/>s by autograd: the one custom function behind all layers.</summary>
internal sealed class LayerFunction : autograd.MultiTensorFunction<LayerFunction>
{
    private const string StepKey = "step";

    public override string Name => nameof(LayerFunction);

    /// <summary>Runs a step over tensors, recorded for backward if any of them needs a gradient.</summary>
    internal static Tensor[] Run(LayerStep step, params Tensor[] inputs)
    {
        if (is_grad_enabled() && Array.Exists(inputs, static input => input.requires_grad))
            return [.. apply([step, .. inputs])];
        using var guard = no_grad();
        return step.Forward(inputs, training: false);
    }

    public override List<Tensor> forward(autograd.AutogradContext ctx, params object[] vars)
    {
        ArgumentNullException.ThrowIfNull(ctx);
        ArgumentNullException.ThrowIfNull(vars);
        var step = (LayerStep)vars[0];
        ctx.save_data(StepKey, step);
        ctx.set_materialize_grads(false);
        var inputs = new Tensor[vars.Length - 1];
        for (var i = 0; i < inputs.Length; i++)
            inputs[i] = (Tensor)vars[i + 1];
        step.Inputs = inputs.Length;
        return [.. step.Forward(inputs, training: true)];
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, List<Tensor> grad_outputs)
    {
        ArgumentNullException.ThrowIfNull(ctx);
        ArgumentNullException.ThrowIfNull(grad_outputs);
        var step = (LayerStep)ctx.get_data(StepKey);
        // One for the step, which is no tensor, and one for each input; libtorch takes null for "no gradient".
        var result = new List<Tensor>(new Tensor[1 + step.Inputs]);
        try
        {
            if (BackwardGuard.Failed)
                return result;
            var gradients = step.Backward([.. grad_outputs.Select(static gradient => gradient is null || gradient.IsInvalid ? null : gradient.contiguous())]);
            for (var i = 0; i < step.Inputs; i++)
                result[i + 1] = gradients[i]!;
        }
        catch (Exception failure)
        {
            // Thrown from here it would end the process; the guard throws it once libtorch has returned.
            BackwardGuard.Keep(failure);
        }
        finally
        {
            foreach (var gradient in grad_outputs)
                gradient?.Dispose();
        }

        return result;
    }
}
