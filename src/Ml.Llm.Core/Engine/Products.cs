using System.Runtime.InteropServices;
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
