using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Ml.Llm.Engine;

namespace Ml.Llm.Kernels;

/// <summary>An activation and its derivative, as kernels use them.</summary>
internal interface IActivation
{
    static abstract Vector512<float> Value(Vector512<float> x);

    static abstract Vector512<float> Slope(Vector512<float> x);
}

internal readonly struct GeluErf : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Value(Vector512<float> x) => VectorMath.Gelu(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Slope(Vector512<float> x) => VectorMath.GeluSlope(x);
}

internal readonly struct GeluTanh : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Value(Vector512<float> x) => VectorMath.GeluTanh(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Slope(Vector512<float> x) => VectorMath.GeluTanhSlope(x);
}

internal readonly struct Silu : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Value(Vector512<float> x) => VectorMath.Silu(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Slope(Vector512<float> x) => VectorMath.SiluSlope(x);
}

/// <summary>Bias, activation and gate in one pass over a product's result, and back.</summary>
internal static unsafe class ActivationKernels
{
    private const int Grain = 8 * 1024;
    private const int RowGrain = 16;

    /// <summary>x += bias, in place.</summary>
    internal static void AddBias<T>(T* x, float* bias, long rows, long width) where T : unmanaged, IElement<T> =>
        EngineThreads.For(rows, RowGrain, (begin, end) =>
        {
            for (var row = begin; row < end; row++)
            {
                var line = x + (row * width);
                for (long i = 0; i < width; i += Lanes.Count)
                    Lanes.Store(line + i, Lanes.Load(line + i, width - i) + Lanes.Load((Fp32*)bias + i, width - i), width - i);
            }
        });

    /// <summary>result = activation(x).</summary>
    internal static void Forward<T, TActivation>(T* x, T* result, long count) where T : unmanaged, IElement<T> where TActivation : IActivation =>
        EngineThreads.For(count, Grain, (begin, end) =>
        {
            for (var i = begin; i < end; i += Lanes.Count)
                Lanes.Store(result + i, TActivation.Value(Lanes.Load(x + i, end - i)), end - i);
        });

    /// <summary>gradient of x = gradient of the result * slope(x).</summary>
    internal static void Backward<T, TActivation>(T* x, T* resultGradient, T* gradient, long count) where T : unmanaged, IElement<T> where TActivation : IActivation =>
        EngineThreads.For(count, Grain, (begin, end) =>
        {
            for (var i = begin; i < end; i += Lanes.Count)
                Lanes.Store(gradient + i, Lanes.Load(resultGradient + i, end - i) * TActivation.Slope(Lanes.Load(x + i, end - i)), end - i);
        });

    /// <summary>result = activation(gate) * up, where a row of gateUp is gate then up.</summary>
    internal static void GateForward<T, TActivation>(T* gateUp, T* result, long rows, long width)
        where T : unmanaged, IElement<T> where TActivation : IActivation =>
        EngineThreads.For(rows, RowGrain, (begin, end) =>
        {
            for (var row = begin; row < end; row++)
            {
                var gate = gateUp + (row * 2 * width);
                var line = result + (row * width);
                for (long i = 0; i < width; i += Lanes.Count)
                {
                    var up = Lanes.Load(gate + width + i, width - i);
                    Lanes.Store(line + i, TActivation.Value(Lanes.Load(gate + i, width - i)) * up, width - i);
                }
            }
        });

    /// <summary>Gradients of gate and up side by side.</summary>
    internal static void GateBackward<T, TActivation>(T* gateUp, T* resultGradient, T* gradient, long rows, long width)
        where T : unmanaged, IElement<T> where TActivation : IActivation =>
        EngineThreads.For(rows, RowGrain, (begin, end) =>
        {
            for (var row = begin; row < end; row++)
            {
                var gate = gateUp + (row * 2 * width);
                var into = gradient + (row * 2 * width);
                for (long i = 0; i < width; i += Lanes.Count)
                {
                    var left = width - i;
                    var above = Lanes.Load(resultGradient + (row * width) + i, left);
                    var x = Lanes.Load(gate + i, left);
                    Lanes.Store(into + i, above * Lanes.Load(gate + width + i, left) * TActivation.Slope(x), left);
                    Lanes.Store(into + width + i, above * TActivation.Value(x), left);
                }
            }
        });
}
