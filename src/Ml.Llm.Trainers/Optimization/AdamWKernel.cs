using System.Runtime.Intrinsics;

namespace Ml.Llm.Training;

/// <summary>AdamW over a stretch of flat memory: weights, both moments and the bf16 copy in one pass.</summary>
/// <remarks>
/// p = p * keep; m += (1 - b1) (g - m); v = b2 v + (1 - b2) g g; p -= stepSize * m / (sqrt(v) * rootCorrection + eps). Every
/// element goes through the same operations, whichever vector or remainder it lies in, so that the result does not depend on how
/// the range is cut.
/// </remarks>
internal static unsafe class AdamWKernel
{
    /// <summary>
    /// Updates [begin, end) of weights, mean and square, and of the bf16 copy where one is given. Weights are multiplied by
    /// <paramref name="keep"/> first: decoupled weight decay.
    /// </summary>
    internal static void Run(float* weights, float* gradients, float* mean, float* square, ushort* compute, long begin, long end, in AdamWStep step, float keep)
    {
        var width = Vector512<float>.Count;
        var lanes = stackalloc float[2 * width];
        new Span<float>(lanes, 2 * width).Clear();
        var i = begin;
        for (; i <= end - width; i += width)
        {
            var weight = Update(Vector512.Load(weights + i), Vector512.Load(gradients + i), mean + i, square + i, step, keep);
            weight.Store(weights + i);
            if (compute != null)
                Vector512.Narrow(RoundToBf16(weight), Vector512<uint>.Zero).GetLower().Store(compute + i);
        }

        for (; i < end; i++)
        {
            // One lane of the same vector arithmetic: rounding is that of the whole vectors.
            (lanes[0], lanes[width]) = (mean[i], square[i]);
            var weight = Update(Vector512.CreateScalar(weights[i]), Vector512.CreateScalar(gradients[i]), lanes, lanes + width, step, keep);
            (mean[i], square[i], weights[i]) = (lanes[0], lanes[width], weight.ToScalar());
            if (compute != null)
                compute[i] = (ushort)RoundToBf16(weight).ToScalar();
        }
    }

    private static Vector512<float> Update(Vector512<float> weight, Vector512<float> gradient, float* mean, float* square, in AdamWStep step, float keep)
    {
        gradient *= Vector512.Create(step.GradientScale);
        var m = Vector512.Load(mean);
        m = Vector512.FusedMultiplyAdd(Vector512.Create(step.OneMinusBeta1), gradient - m, m);
        var v = Vector512.Load(square) * Vector512.Create(step.Beta2);
        v = Vector512.FusedMultiplyAdd(Vector512.Create(step.OneMinusBeta2) * gradient, gradient, v);
        m.Store(mean);
        v.Store(square);
        var denominator = Vector512.FusedMultiplyAdd(Vector512.Sqrt(v), Vector512.Create(step.RootCorrection), Vector512.Create(step.Epsilon));
        return (weight * Vector512.Create(keep)) - (Vector512.Create(step.StepSize) * m / denominator);
    }

    /// <summary>The upper halves of fp32 numbers rounded to the nearest, ties to even; NaN stays NaN.</summary>
    private static Vector512<uint> RoundToBf16(Vector512<float> values)
    {
        var bits = values.AsUInt32();
        var odd = Vector512.ShiftRightLogical(bits, 16) & Vector512<uint>.One;
        var rounded = Vector512.ShiftRightLogical(bits + Vector512.Create(0x7fffu) + odd, 16);
        var quiet = Vector512.ShiftRightLogical(bits, 16) | Vector512.Create(0x0040u);
        return Vector512.ConditionalSelect(Vector512.Equals(values, values).AsUInt32(), rounded, quiet);
    }
}
