using System.Runtime.InteropServices;

namespace Ml.Llm.Kernels;

/// <summary>Room for one row of singles that a kernel works on, outside the garbage collector's memory. A multiple of a vector's length.</summary>
internal readonly unsafe ref struct RowBuffer
{
    internal RowBuffer(long width) =>
        Values = (float*)NativeMemory.AlignedAlloc(checked((nuint)(width + Lanes.Count) * sizeof(float)), 64);

    internal float* Values { get; }

    public void Dispose() => NativeMemory.AlignedFree(Values);
}
