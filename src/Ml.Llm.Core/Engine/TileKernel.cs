using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Ml.Llm.Engine;

/// <summary>
/// oneDNN's product of one tile, as libtorch compiles it for this processor at its first use. Around it our own kernels lay
/// out larger products, which they can do with knowledge that a general product lacks.
/// </summary>
/// <remarks>
/// libtorch exports it under its C++ name (at::native::cpublas::brgemm), which holds on Linux. It takes bf16 where the
/// processor has AVX-512; it is used only where it is known to pay, which is on processors with AVX512-BF16 and without
/// AMX, and elsewhere the engine's whole products are. Kernels are compiled and kept for each thread and each combination
/// of sizes, so callers must use few combinations.
/// </remarks>
internal static unsafe partial class TileKernel
{
    private const string Library = "torch_cpu";
    private const string MultiplyName = "_ZN2at6native7cpublas6brgemmEllllllbPKN3c108BFloat16ES5_Pfb";

    /// <summary>Whether tiles of bf16 can be multiplied on this system.</summary>
    internal static bool Supported { get; } = Find();

    /// <summary>result (+)= left x right.</summary>
    /// <param name="rows">The rows of left and of the result.</param>
    /// <param name="columns">The columns of right and of the result.</param>
    /// <param name="depth">The columns of left and rows of right; even.</param>
    /// <param name="left">[rows, depth] bf16.</param>
    /// <param name="leftStride">From one row of left to the next, in elements.</param>
    /// <param name="right">[depth / 2, columns, 2] bf16: pairs of rows interleaved.</param>
    /// <param name="rightStride">From one pair of rows of right to the next, in pairs.</param>
    /// <param name="result">[rows, columns] fp32.</param>
    /// <param name="resultStride">From one row of the result to the next, in elements.</param>
    /// <param name="add">Whether to add to what the result holds.</param>
    internal static void Multiply(long rows, long columns, long depth, ushort* left, long leftStride, uint* right, long rightStride, float* result, long resultStride, bool add) =>
        MultiplyTile(rows, columns, depth, leftStride, rightStride, resultStride, add ? (byte)1 : (byte)0, left, right, result, 1);

    private static bool Find()
    {
        if (!OperatingSystem.IsLinux() || !X86Base.IsSupported || !Avx512BW.IsSupported)
            return false;
        // CPUID: leaf 7, subleaf 1, bit 5 of eax is AVX512-BF16; subleaf 0, bit 24 of edx is AMX.
        var highest = X86Base.CpuId(7, 0).Eax;
        var hasBf16 = highest >= 1 && (X86Base.CpuId(7, 1).Eax & (1 << 5)) != 0;
        var hasTiles = (X86Base.CpuId(7, 0).Edx & (1 << 24)) != 0;
        // A user who holds oneDNN to an older instruction set would meet an error that ends the process.
        var held = Environment.GetEnvironmentVariable("ONEDNN_MAX_CPU_ISA") ?? Environment.GetEnvironmentVariable("DNNL_MAX_CPU_ISA");
        if (!hasBf16 || hasTiles || !string.IsNullOrEmpty(held))
            return false;
        TorchEngine.EnsureLoaded();
        return NativeLibrary.TryLoad(Library, typeof(TileKernel).Assembly, null, out var library) && NativeLibrary.TryGetExport(library, MultiplyName, out _);
    }

    [LibraryImport(Library, EntryPoint = MultiplyName)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static partial void MultiplyTile(long rows, long columns, long depth, long leftStride, long rightStride, long resultStride, byte add, ushort* left, uint* right, float* result, byte interleaved);
}
