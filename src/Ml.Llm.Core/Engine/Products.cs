using System.Runtime.InteropServices;
using Ml.Llm.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Engine;

/// <summary>
/// Matrix products that write into memory we own. TorchSharp's products allocate their result; these save that and let
/// weight gradients go straight to where they belong.
/// </summary>
/// <remarks>
/// The entry points are libtorch's stable C interface for compiled models (torch/csrc/inductor/aoti_torch/c/shim.h): the same
/// names on Linux, Windows and macOS. They dispatch by the tensors' device and type, as the operators themselves do, and
/// must be called without gradient recording. Shapes are checked here, since libtorch's own message would only reach stderr.
/// </remarks>
internal static partial class Products
{
    private const string Library = "torch_cpu";

    /// <summary>result = left x right, for [n,k] x [k,m].</summary>
    internal static void Multiply(Tensor result, Tensor left, Tensor right)
    {
        CheckMatrices(result, left, right);
        Check(MultiplyInto(result.Handle, left.Handle, right.Handle), "mm");
    }

    /// <summary>result += left x right, for [n,k] x [k,m].</summary>
    internal static void MultiplyAdd(Tensor result, Tensor left, Tensor right)
    {
        CheckMatrices(result, left, right);
        Check(AddMultiplyInto(result.Handle, result.Handle, left.Handle, right.Handle, 1, 1), "addmm");
    }

    /// <summary>result = left x right for each member of a batch, [b,n,k] x [b,k,m].</summary>
    internal static void MultiplyBatch(Tensor result, Tensor left, Tensor right)
    {
        if (left.dim() != 3 || right.dim() != 3 || result.dim() != 3
            || left.size(0) != right.size(0) || left.size(0) != result.size(0)
            || left.size(2) != right.size(1) || result.size(1) != left.size(1) || result.size(2) != right.size(2)
            || left.dtype != right.dtype || left.dtype != result.dtype)
        {
            throw Mismatch(result, left, right);
        }

        Check(MultiplyBatchInto(result.Handle, left.Handle, right.Handle), "bmm");
    }

    /// <summary>result = x W' + bias, for x [n,in], W [out,in] and an fp32 bias [out] or none.</summary>
    internal static unsafe void Linear(Tensor result, Tensor x, Tensor weight, Tensor? bias = null)
    {
        using var turned = weight.t();
        CheckMatrices(result, x, turned);
        var (rows, width, depth) = (x.size(0), weight.size(0), weight.size(1));
        if (bias is not null && bias.numel() != width)
            throw Mismatch(result, x, bias);
        var added = bias is null ? null : TensorMemory.Floats(bias);
        if (InMemory(x, weight) && TileProducts.Fits(rows, width, depth))
        {
            TileProducts.Linear(TensorMemory.Bf16(x), TensorMemory.Bf16(weight), added, (Bf16*)TensorMemory.Bf16(result), rows, width, depth);
            return;
        }

        Multiply(result, x, turned);
        if (bias is null)
            return;
        if (result.dtype == ScalarType.Float32)
            ActivationKernels.AddBias((Fp32*)TensorMemory.Floats(result), added, rows, width);
        else
            ActivationKernels.AddBias((Bf16*)TensorMemory.Bf16(result), added, rows, width);
    }

    /// <summary>result = above W, for above [n,out] and W [out,in]: the gradient of a linear layer's input.</summary>
    internal static unsafe void LinearInputGradient(Tensor result, Tensor above, Tensor weight)
    {
        CheckMatrices(result, above, weight);
        if (InMemory(above, weight) && TileProducts.Fits(above.size(0), weight.size(1), weight.size(0)))
            TileProducts.InputGradient(TensorMemory.Bf16(above), TensorMemory.Bf16(weight), (Bf16*)TensorMemory.Bf16(result), above.size(0), weight.size(1), weight.size(0));
        else
            Multiply(result, above, weight);
    }

    /// <summary>gradient (+)= above' x, for above [n,out], x [n,in] and an fp32 gradient [out,in]: that of a linear layer's weight.</summary>
    internal static unsafe void LinearWeightGradient(Tensor gradient, Tensor above, Tensor x, bool add)
    {
        if (above.dim() != 2 || x.dim() != 2 || gradient.dim() != 2 || above.dtype != x.dtype
            || above.size(0) != x.size(0) || gradient.size(0) != above.size(1) || gradient.size(1) != x.size(1))
        {
            throw Mismatch(gradient, above, x);
        }

        using var turned = above.t();
        if (above.dtype == ScalarType.Float32)
        {
            if (add)
                MultiplyAdd(gradient, turned, x);
            else
                Multiply(gradient, turned, x);
        }
        else if (InMemory(above, x) && TileProducts.FitsGradient(above.size(0), above.size(1), x.size(1)))
        {
            TileProducts.WeightGradient(TensorMemory.Bf16(above), TensorMemory.Bf16(x), TensorMemory.Floats(gradient), above.size(0), above.size(1), x.size(1), add);
        }
        else
        {
            using var product = empty(gradient.shape, above.dtype);
            Multiply(product, turned, x);
            ReductionKernels.Accumulate((Bf16*)TensorMemory.Bf16(product), TensorMemory.Floats(gradient), product.numel(), add);
        }
    }

    /// <summary>Whether operands lie as tiles are cut from them: bf16, on the CPU, row after row.</summary>
    private static bool InMemory(Tensor left, Tensor right) =>
        left.dtype == ScalarType.BFloat16 && left.device_type == DeviceType.CPU && left.is_contiguous() && right.is_contiguous();

    private static void CheckMatrices(Tensor result, Tensor left, Tensor right)
    {
        if (left.dim() != 2 || right.dim() != 2 || result.dim() != 2
            || left.size(1) != right.size(0) || result.size(0) != left.size(0) || result.size(1) != right.size(1)
            || left.dtype != right.dtype || left.dtype != result.dtype)
        {
            throw Mismatch(result, left, right);
        }
    }

    private static ArgumentException Mismatch(Tensor result, Tensor left, Tensor right) =>
        new($"A product of {Describe(left)} and {Describe(right)} does not give {Describe(result)}.", nameof(result));

    private static string Describe(Tensor tensor) => $"{tensor.dtype}[{string.Join(",", tensor.shape)}]";

    private static void Check(int code, string operation)
    {
        if (code != 0)
            throw new LlmException($"libtorch's {operation} failed with code {code}; its own message went to the error stream.");
    }

    [LibraryImport(Library, EntryPoint = "aoti_torch_mm_out")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static partial int MultiplyInto(nint result, nint left, nint right);

    [LibraryImport(Library, EntryPoint = "aoti_torch_addmm_out")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static partial int AddMultiplyInto(nint result, nint self, nint left, nint right, float beta, float alpha);

    [LibraryImport(Library, EntryPoint = "aoti_torch_bmm_out")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static partial int MultiplyBatchInto(nint result, nint left, nint right);
}
