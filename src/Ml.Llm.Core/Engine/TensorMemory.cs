using TorchSharp;
using static TorchSharp.torch;
using System.Runtime.InteropServices;

namespace Ml.Llm.Engine;

/// <summary>The memory of contiguous CPU tensors, for kernels in C#.</summary>
/// <remarks>A pointer is valid as long as the tensor lives: callers keep the tensor in a local until the kernel has run.</remarks>
internal static unsafe partial class TensorMemory
{
    internal static float* Floats(Tensor tensor) => (float*)Pointer(tensor, ScalarType.Float32);

    internal static ushort* Bf16(Tensor tensor) => (ushort*)Pointer(tensor, ScalarType.BFloat16);

    internal static long* Longs(Tensor tensor) => (long*)Pointer(tensor, ScalarType.Int64);

    /// <summary>The first element's address of a contiguous CPU tensor of the type given.</summary>
    /// <exception cref="ArgumentException">The tensor is of another type, on another device or not contiguous.</exception>
    internal static void* Pointer(Tensor tensor, ScalarType type)
    {
        if (tensor.dtype != type || tensor.device_type != DeviceType.CPU || !tensor.is_contiguous())
            throw new ArgumentException($"A contiguous {type} tensor on the CPU is needed, not {tensor.dtype} on {tensor.device_type}.", nameof(tensor));
        nint address;
        if (DataPointer(tensor.Handle, &address) != 0)
            throw new ArgumentException("The tensor has no memory of its own.", nameof(tensor));
        return (void*)address;
    }

    [LibraryImport("torch_cpu", EntryPoint = "aoti_torch_get_data_ptr")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static partial int DataPointer(nint tensor, nint* address);
}
