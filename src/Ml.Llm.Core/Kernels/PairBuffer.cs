using System.Runtime.InteropServices;

namespace Ml.Llm.Kernels;

/// <summary>Room for pairs of bf16 elements that a kernel works on, outside the garbage collector's memory.</summary>
internal readonly unsafe ref struct PairBuffer
{
    internal PairBuffer(long count) => Pairs = (uint*)NativeMemory.AlignedAlloc(checked((nuint)count * sizeof(uint)), 64);

    internal uint* Pairs { get; }

    public void Dispose() => NativeMemory.AlignedFree(Pairs);
}
