using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ml.Llm.Kernels;

/// <summary>A type of element that kernels read and write sixteen at a time, computing in fp32.</summary>
/// <remarks><see cref="Vector512"/> is what kernels are written in; where the processor has no such registers the runtime uses narrower ones.</remarks>
internal unsafe interface IElement<TSelf> where TSelf : unmanaged, IElement<TSelf>
{
    static abstract Vector512<float> Load(TSelf* source);

    static abstract void Store(TSelf* destination, Vector512<float> values);

    static abstract float ToFloat(TSelf value);

    static abstract TSelf FromFloat(float value);
}

/// <summary>Single precision.</summary>
internal readonly struct Fp32(float value) : IElement<Fp32>
{
    private readonly float value = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector512<float> Load(Fp32* source) => Vector512.Load((float*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store(Fp32* destination, Vector512<float> values) => values.Store((float*)destination);

    public static float ToFloat(Fp32 value) => value.value;

    public static Fp32 FromFloat(float value) => new(value);
}

/// <summary>bfloat16: the upper half of a single; rounded to nearest, ties to even, as libtorch rounds.</summary>
internal readonly struct Bf16(ushort bits) : IElement<Bf16>
{
    private static readonly Vector512<ushort> UpperHalves = (Vector512<ushort>.Indices << 1) | Vector512<ushort>.One;
    private readonly ushort bits = bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector512<float> Load(Bf16* source)
    {
        var narrow = Vector256.Load((ushort*)source);
        if (Avx512F.IsSupported)
            return (Avx512F.ConvertToVector512UInt32(narrow) << 16).AsSingle();
        var (low, high) = Vector256.Widen(narrow);
        return (Vector512.Create(low, high) << 16).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store(Bf16* destination, Vector512<float> values)
    {
        var wide = values.AsUInt32();
        var rounded = (wide + Vector512.Create(0x7fffu) + ((wide >> 16) & Vector512<uint>.One)) >> 16;
        // A NaN must stay one: rounding could carry it into infinity or zero.
        rounded = Vector512.ConditionalSelect(Vector512.Equals(values, values).AsUInt32(), rounded, Vector512.Create(0x7fc0u));
        var narrow = Avx512F.IsSupported
            ? Avx512F.ConvertToVector256UInt16(rounded)
            : Vector256.Narrow(rounded.GetLower(), rounded.GetUpper());
        narrow.Store((ushort*)destination);
    }

    /// <summary>
    /// Stores thirty-two elements, of which none is a NaN with its upper bits all ones: sums of products of bf16 elements
    /// never are, since their NaNs have zeros in the lower half.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static unsafe void StoreTwo(Bf16* destination, Vector512<float> first, Vector512<float> second)
    {
        var (low, high) = (Round(first.AsUInt32()), Round(second.AsUInt32()));
        Avx512BW.PermuteVar32x16x2(low.AsUInt16(), UpperHalves, high.AsUInt16()).Store((ushort*)destination);
    }

    /// <summary>The rounded element is in the upper half of each lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Round(Vector512<uint> wide) => wide + Vector512.Create(0x7fffu) + ((wide >> 16) & Vector512<uint>.One);

    public static float ToFloat(Bf16 value) => BitConverter.UInt32BitsToSingle((uint)value.bits << 16);

    public static Bf16 FromFloat(float value)
    {
        if (float.IsNaN(value))
            return new Bf16(0x7fc0);
        var wide = BitConverter.SingleToUInt32Bits(value);
        return new Bf16((ushort)((wide + 0x7fff + ((wide >> 16) & 1)) >> 16));
    }
}

/// <summary>Loads and stores of fewer than sixteen elements, at the ends of rows.</summary>
internal static unsafe class Lanes
{
    /// <summary>How many elements a vector holds.</summary>
    internal const int Count = 16;

    /// <summary>Loads up to sixteen elements; the other lanes are given a value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Load<T>(T* source, long count, float rest = 0) where T : unmanaged, IElement<T> =>
        count >= Count ? T.Load(source) : LoadPart(source, count, rest);

    /// <summary>Stores up to sixteen elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Store<T>(T* destination, Vector512<float> values, long count) where T : unmanaged, IElement<T>
    {
        if (count >= Count)
            T.Store(destination, values);
        else
            StorePart(destination, values, count);
    }

    /// <summary>
    /// Loads sixteen elements of which only the first count: the others are replaced by a value. Reads past what counts where
    /// there is memory to read, which spares the slow way for a row's inner ends.
    /// </summary>
    /// <param name="source">The first element.</param>
    /// <param name="count">How many count, at least 1.</param>
    /// <param name="readable">How many may be read.</param>
    /// <param name="rest">What the other lanes hold.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> LoadFirst<T>(T* source, long count, long readable, float rest) where T : unmanaged, IElement<T>
    {
        if (count >= Count)
            return T.Load(source);
        if (readable < Count)
            return LoadPart(source, count, rest);
        var counts = Vector512.LessThan(Vector512<int>.Indices, Vector512.Create((int)count)).AsSingle();
        return Vector512.ConditionalSelect(counts, T.Load(source), Vector512.Create(rest));
    }

    private static Vector512<float> LoadPart<T>(T* source, long count, float rest) where T : unmanaged, IElement<T>
    {
        var buffer = stackalloc float[Count];
        for (var i = 0; i < Count; i++)
            buffer[i] = i < count ? T.ToFloat(source[i]) : rest;
        return Vector512.Load(buffer);
    }

    private static void StorePart<T>(T* destination, Vector512<float> values, long count) where T : unmanaged, IElement<T>
    {
        var buffer = stackalloc float[Count];
        values.Store(buffer);
        for (var i = 0; i < count; i++)
            destination[i] = T.FromFloat(buffer[i]);
    }
}
