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
        var (rows, width) = (x.size(0), weight.Shape[0]);
        var result = empty([rows, width], x.dtype); // [N, out]
        using (var transposed = weight.Compute.t())
            Products.Multiply(result, x, transposed);
        if (activation is null)
        {
            if (bias is not null)
                AddBias(result, rows, width);
            if (training)
                input = x.alias();
            return [result];
        }

        var activated = empty_like(result);
        Activate(result, activated, rows, width);
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
            Products.Multiply(result, above, weight.Compute); // [N, out] x [out, in]
            input!.Dispose();
            return [result];
        }
    }

    /// <summary>The gradient of a weight: above' x, [out, N] x [N, in].</summary>
    internal static void AddWeightGradient(WeightGroup weight, Tensor above, Tensor input)
    {
        var gradient = weight.Gradient!;
        using var transposed = above.t();
        if (above.dtype == ScalarType.Float32)
        {
            if (weight.Written)
                Products.MultiplyAdd(gradient, transposed, input);
            else
                Products.Multiply(gradient, transposed, input);
        }
        else
        {
            using var product = empty(weight.Shape, above.dtype);
            Products.Multiply(product, transposed, input);
            ReductionKernels.Accumulate((Bf16*)TensorMemory.Bf16(product), TensorMemory.Floats(gradient), product.numel(), weight.Written);
        }

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

    private void AddBias(Tensor result, long rows, long width)
    {
        var values = TensorMemory.Floats(bias!.Value);
        if (result.dtype == ScalarType.Float32)
            ActivationKernels.AddBias((Fp32*)TensorMemory.Floats(result), values, rows, width);
        else
            ActivationKernels.AddBias((Bf16*)TensorMemory.Bf16(result), values, rows, width);
    }

    private void Activate(Tensor x, Tensor result, long rows, long width)
    {
        var values = bias is null ? null : TensorMemory.Floats(bias.Value);
        if (x.dtype == ScalarType.Float32)
            Forward((Fp32*)TensorMemory.Floats(x), values, (Fp32*)TensorMemory.Floats(result), rows, width);
        else
            Forward((Bf16*)TensorMemory.Bf16(x), values, (Bf16*)TensorMemory.Bf16(result), rows, width);
    }

    private Tensor Slope(Tensor above)
    {
        var result = empty_like(above);
        if (above.dtype == ScalarType.Float32)
            Backward((Fp32*)TensorMemory.Floats(product!), (Fp32*)TensorMemory.Floats(above), (Fp32*)TensorMemory.Floats(result), above.size(0), above.size(1));
        else
            Backward((Bf16*)TensorMemory.Bf16(product!), (Bf16*)TensorMemory.Bf16(above), (Bf16*)TensorMemory.Bf16(result), above.size(0), above.size(1));
        product!.Dispose();
        return result;
    }

    private void Forward<T>(T* x, float* values, T* result, long rows, long width) where T : unmanaged, IElement<T>
    {
        switch (activation)
        {
            case Activation.Gelu:
                ActivationKernels.Forward<T, GeluErf>(x, values, result, rows, width);
                break;
            case Activation.GeluTanh:
                ActivationKernels.Forward<T, GeluTanh>(x, values, result, rows, width);
                break;
            default:
                ActivationKernels.Forward<T, Silu>(x, values, result, rows, width);
                break;
        }
    }

    private void Backward<T>(T* x, T* above, T* result, long rows, long width) where T : unmanaged, IElement<T>
    {
        switch (activation)
        {
            case Activation.Gelu:
                ActivationKernels.Backward<T, GeluErf>(x, above, result, rows, width);
                break;
            case Activation.GeluTanh:
                ActivationKernels.Backward<T, GeluTanh>(x, above, result, rows, width);
                break;
            default:
                ActivationKernels.Backward<T, Silu>(x, above, result, rows, width);
                break;
        }
    }
}
