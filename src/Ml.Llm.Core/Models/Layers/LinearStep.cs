using Ml.Llm.Engine;
using Ml.Llm.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Models.Layers;

/// <summary>x W' + b, and an activation of it where there is one. The weight's gradient goes straight to the flat gradient.</summary>
internal sealed unsafe class LinearStep(WeightGroup weight, WeightGroup? bias, Activation? activation) : LayerStep
{
    private Tensor? input;
    private Tensor? product;

    internal override Tensor[] Forward(Tensor[] inputs, bool training)
    {
        var x = inputs[0]; // [N, in]
        var result = empty([x.size(0), weight.Shape[0]], x.dtype); // [N, out]
        Products.Linear(result, x, weight.Compute, bias?.Value);
        if (activation is null)
        {
            if (training)
                input = x.alias();
            return [result];
        }

        var activated = empty_like(result);
        Activate(result, activated);
        if (training)
            (input, product) = (x.alias(), result);
        else
            result.Dispose();
        return [activated];
    }

    internal override Tensor?[] Backward(Tensor?[] gradients)
    {
        var above = gradients[0]!; // [N, out]
        if (activation is not null)
            above = Slope(above);
        using (above)
        {
            AddWeightGradient(weight, above, input!);
            if (bias is not null)
                AddBiasGradient(bias, above);
            var result = empty_like(input!);
            Products.LinearInputGradient(result, above, weight.Compute);
            input!.Dispose();
            return [result];
        }
    }

    /// <summary>The gradient of a weight: above' x, [out, N] x [N, in].</summary>
    internal static void AddWeightGradient(WeightGroup weight, Tensor above, Tensor input)
    {
        Products.LinearWeightGradient(weight.Gradient!, above, input, weight.Written);
        weight.Written = true;
    }

    private static void AddBiasGradient(WeightGroup bias, Tensor above)
    {
        var sums = TensorMemory.Floats(bias.Gradient!);
        if (above.dtype == ScalarType.Float32)
            ReductionKernels.ColumnSums((Fp32*)TensorMemory.Floats(above), sums, above.size(0), above.size(1), bias.Written);
        else
            ReductionKernels.ColumnSums((Bf16*)TensorMemory.Bf16(above), sums, above.size(0), above.size(1), bias.Written);
        bias.Written = true;
    }

    private void Activate(Tensor x, Tensor result)
    {
        if (x.dtype == ScalarType.Float32)
            Forward((Fp32*)TensorMemory.Floats(x), (Fp32*)TensorMemory.Floats(result), x.numel());
        else
            Forward((Bf16*)TensorMemory.Bf16(x), (Bf16*)TensorMemory.Bf16(result), x.numel());
    }

    private Tensor Slope(Tensor above)
    {
        var result = empty_like(above);
        if (above.dtype == ScalarType.Float32)
            Backward((Fp32*)TensorMemory.Floats(product!), (Fp32*)TensorMemory.Floats(above), (Fp32*)TensorMemory.Floats(result), above.numel());
        else
            Backward((Bf16*)TensorMemory.Bf16(product!), (Bf16*)TensorMemory.Bf16(above), (Bf16*)TensorMemory.Bf16(result), above.numel());
        product!.Dispose();
        return result;
    }

    private void Forward<T>(T* x, T* result, long count) where T : unmanaged, IElement<T>
    {
        switch (activation)
        {
            case Activation.Gelu:
                ActivationKernels.Forward<T, GeluErf>(x, result, count);
                break;
            case Activation.GeluTanh:
                ActivationKernels.Forward<T, GeluTanh>(x, result, count);
                break;
            default:
                ActivationKernels.Forward<T, Silu>(x, result, count);
                break;
        }
    }

    private void Backward<T>(T* x, T* above, T* result, long count) where T : unmanaged, IElement<T>
    {
        switch (activation)
        {
            case Activation.Gelu:
                ActivationKernels.Backward<T, GeluErf>(x, above, result, count);
                break;
            case Activation.GeluTanh:
                ActivationKernels.Backward<T, GeluTanh>(x, above, result, count);
                break;
            default:
                ActivationKernels.Backward<T, Silu>(x, above, result, count);
                break;
        }
    }
}
