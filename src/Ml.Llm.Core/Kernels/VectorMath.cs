using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ml.Llm.Kernels;

/// <summary>Functions of sixteen singles at a time, to about two units in the last place.</summary>
internal static class VectorMath
{
    private const float Log2E = 1.44269504f;
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;
    private const float GeluScale = 0.7978845608f; // sqrt(2 / pi)
    private const float GeluCube = 0.044715f;

    /// <summary>e^x by 2^n times a polynomial on [-ln 2 / 2, ln 2 / 2] (the reduction and coefficients of the Cephes library's expf).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Exp(Vector512<float> x)
    {
        // Beyond these bounds the result leaves fp32's normal numbers. A NaN as the second operand passes through both.
        x = Vector512.MinNative(Vector512.Create(88.37626f), Vector512.MaxNative(Vector512.Create(-87.33654f), x));
        var n = Vector512.Floor(Vector512.FusedMultiplyAdd(x, Vector512.Create(Log2E), Vector512.Create(0.5f)));
        var r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-Ln2High), x);
        r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-Ln2Low), r);
        var p = Vector512.Create(1.9875691500e-4f);
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1.3981999507e-3f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(8.3334519073e-3f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(4.1665795894e-2f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1.6666665459e-1f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(5.0000001201e-1f));
        p = Vector512.FusedMultiplyAdd(p, r * r, r + Vector512<float>.One);
        var power = (Vector512.ConvertToInt32Native(n) + Vector512.Create(127)) << 23;
        return p * power.AsSingle();
    }

    /// <summary>1 / (1 + e^-x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Sigmoid(Vector512<float> x) => Vector512<float>.One / (Vector512<float>.One + Exp(-x));

    /// <summary>
    /// What GELU's tanh form, 0.5 x (1 + tanh u) for u = sqrt(2/pi) (x + 0.044715 x^3), multiplies x with: σ(2u) (Hendrycks and
    /// Gimpel, arXiv 1606.08415).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> TanhShare(Vector512<float> x) =>
        Sigmoid(x * Vector512.Create(2 * GeluScale) * Vector512.FusedMultiplyAdd(x * x, Vector512.Create(GeluCube), Vector512<float>.One));

    /// <summary>The derivative of GELU's tanh form, from its share.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> GeluTanhSlope(Vector512<float> x, Vector512<float> share)
    {
        var slope = Vector512.Create(2 * GeluScale) * Vector512.FusedMultiplyAdd(x * x, Vector512.Create(3 * GeluCube), Vector512<float>.One);
        return Vector512.FusedMultiplyAdd(x * share * (Vector512<float>.One - share), slope, share);
    }

    /// <summary>The error function to 1.5e-7 (Abramowitz and Stegun, 7.1.26).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Erf(Vector512<float> x)
    {
        var size = Vector512.Abs(x);
        var t = Vector512<float>.One / Vector512.FusedMultiplyAdd(size, Vector512.Create(0.3275911f), Vector512<float>.One);
        var p = Vector512.Create(1.061405429f);
        p = Vector512.FusedMultiplyAdd(p, t, Vector512.Create(-1.453152027f));
        p = Vector512.FusedMultiplyAdd(p, t, Vector512.Create(1.421413741f));
        p = Vector512.FusedMultiplyAdd(p, t, Vector512.Create(-0.284496736f));
        p = Vector512.FusedMultiplyAdd(p, t, Vector512.Create(0.254829592f));
        var result = Vector512<float>.One - (p * t * Exp(-size * size));
        return Vector512.CopySign(result, x);
    }

    /// <summary>What GELU with the error function multiplies x with: Φ(x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> NormalShare(Vector512<float> x) =>
        Vector512.Create(0.5f) * (Vector512<float>.One + Erf(x * Vector512.Create(0.70710678f)));

    /// <summary>The derivative of GELU, from its share: Φ(x) + x φ(x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> GeluSlope(Vector512<float> x, Vector512<float> share)
    {
        var density = Exp(x * x * Vector512.Create(-0.5f)) * Vector512.Create(0.3989422804f);
        return Vector512.FusedMultiplyAdd(x, density, share);
    }

    /// <summary>The derivative of x σ(x), from its share σ: σ (1 + x (1 - σ)).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> SiluSlope(Vector512<float> x, Vector512<float> share) =>
        Vector512.FusedMultiplyAdd(x * share, Vector512<float>.One - share, share);
}
