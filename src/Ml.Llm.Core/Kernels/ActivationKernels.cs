using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Ml.Llm.Engine;

namespace Ml.Llm.Kernels;

/// <summary>An activation of the form x times a share of it, and its derivative, which is formed from the same share.</summary>
internal interface IActivation
{
    static abstract Vector512<float> Share(Vector512<float> x);

    static abstract Vector512<float> Slope(Vector512<float> x, Vector512<float> share);
}

internal readonly struct GeluErf : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Share(Vector512<float> x) => VectorMath.NormalShare(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Slope(Vector512<float> x, Vector512<float> share) => VectorMath.GeluSlope(x, share);
}

internal readonly struct GeluTanh : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Share(Vector512<float> x) => VectorMath.TanhShare(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Slope(Vector512<float> x, Vector512<float> share) => VectorMath.GeluTanhSlope(x, share);
}

internal readonly struct Silu : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Share(Vector512<float> x) => VectorMath.Sigmoid(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Slope(Vector512<float> x, Vector512<float> share) => VectorMath.SiluSlope(x, share);
}

/// <summary>Bias, activation and gate over a product's result, and back.</summary>
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
            {
                var value = Lanes.Load(x + i, end - i);
                Lanes.Store(result + i, value * TActivation.Share(value), end - i);
            }
        });

    /// <summary>gradient of x = gradient of the result * slope(x).</summary>
    internal static void Backward<T, TActivation>(T* x, T* resultGradient, T* gradient, long count) where T : unmanaged, IElement<T> where TActivation : IActivation =>
        EngineThreads.For(count, Grain, (begin, end) =>
        {
            for (var i = begin; i < end; i += Lanes.Count)
            {
                var value = Lanes.Load(x + i, end - i);
                Lanes.Store(gradient + i, Lanes.Load(resultGradient + i, end - i) * TActivation.Slope(value, TActivation.Share(value)), end - i);
            }
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
                    var value = Lanes.Load(gate + i, width - i);
                    Lanes.Store(line + i, value * TActivation.Share(value) * up, width - i);
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
                    var share = TActivation.Share(x);
                    Lanes.Store(into + i, above * Lanes.Load(gate + width + i, left) * TActivation.Slope(x, share), left);
                    Lanes.Store(into + width + i, above * x * share, left);
                }
            }
        });
}
