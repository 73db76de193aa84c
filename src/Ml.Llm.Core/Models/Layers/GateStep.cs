using Ml.Llm.Engine;
using Ml.Llm.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Models.Layers;

/// <summary>activation(gate) * up, for gate and up side by side (Shazeer, arXiv 2002.05202).</summary>
internal sealed unsafe class GateStep(Activation activation) : LayerStep
{
    private Tensor? input;

    internal override Tensor[] Forward(Tensor[] inputs, bool training)
    {
        var gateUp = inputs[0]; // [N, 2 * inner]
        var (rows, inner) = (gateUp.size(0), gateUp.size(1) / 2);
        var result = empty([rows, inner], gateUp.dtype);
        if (gateUp.dtype == ScalarType.Float32)
            Forward((Fp32*)TensorMemory.Floats(gateUp), (Fp32*)TensorMemory.Floats(result), rows, inner);
        else
            Forward((Bf16*)TensorMemory.Bf16(gateUp), (Bf16*)TensorMemory.Bf16(result), rows, inner);
        if (training)
            input = gateUp.alias();
        return [result];
    }

    internal override Tensor?[] Backward(Tensor?[] gradients)
    {
        var above = gradients[0]!;
        var (rows, inner) = (above.size(0), above.size(1));
        var result = empty_like(input!);
        if (above.dtype == ScalarType.Float32)
            Backward((Fp32*)TensorMemory.Floats(input!), (Fp32*)TensorMemory.Floats(above), (Fp32*)TensorMemory.Floats(result), rows, inner);
        else
            Backward((Bf16*)TensorMemory.Bf16(input!), (Bf16*)TensorMemory.Bf16(above), (Bf16*)TensorMemory.Bf16(result), rows, inner);
        input!.Dispose();
        return [result];
    }

    private void Forward<T>(T* gateUp, T* result, long rows, long inner) where T : unmanaged, IElement<T>
    {
        switch (activation)
        {
            case Activation.Gelu:
                ActivationKernels.GateForward<T, GeluErf>(gateUp, result, rows, inner);
                break;
            case Activation.GeluTanh:
                ActivationKernels.GateForward<T, GeluTanh>(gateUp, result, rows, inner);
                break;
            default:
                ActivationKernels.GateForward<T, Silu>(gateUp, result, rows, inner);
                break;
        }
    }

    private void Backward<T>(T* gateUp, T* above, T* result, long rows, long inner) where T : unmanaged, IElement<T>
    {
        switch (activation)
        {
            case Activation.Gelu:
                ActivationKernels.GateBackward<T, GeluErf>(gateUp, above, result, rows, inner);
                break;
            case Activation.GeluTanh:
                ActivationKernels.GateBackward<T, GeluTanh>(gateUp, above, result, rows, inner);
                break;
            default:
                ActivationKernels.GateBackward<T, Silu>(gateUp, above, result, rows, inner);
                break;
        }
    }
}
