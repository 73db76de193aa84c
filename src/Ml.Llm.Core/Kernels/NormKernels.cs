using System.Runtime.Intrinsics;
using Ml.Llm.Engine;

namespace Ml.Llm.Kernels;

/// <summary>Residual addition and LayerNorm or RMSNorm of the sum in one pass, and back. Statistics are fp32.</summary>
/// <remarks>Ba et al. (arXiv 1607.06450); Zhang and Sennrich (arXiv 1910.07467).</remarks>
internal static unsafe class NormKernels
{
    private const int RowGrain = 16;

    /// <summary>sum = x + branch; normed = (sum - mean) * rstd * weight + bias.</summary>
    /// <param name="x">[rows, width].</param>
    /// <param name="branch">[rows, width], or null: then sum is not written and may be null.</param>
    /// <param name="sum">[rows, width].</param>
    /// <param name="normed">[rows, width].</param>
    /// <param name="weight">[width].</param>
    /// <param name="bias">[width], or null.</param>
    /// <param name="statistics">[rows, 2]: mean (0 for RMSNorm) and reciprocal deviation.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="width">The width of a row.</param>
    /// <param name="epsilon">Added to the variance or mean square.</param>
    /// <param name="centered">LayerNorm, else RMSNorm.</param>
    internal static void Forward<T>(
        T* x, T* branch, T* sum, T* normed, float* weight, float* bias, float* statistics, long rows, long width, float epsilon, bool centered)
        where T : unmanaged, IElement<T> =>
        EngineThreads.For(rows, RowGrain, (begin, end) =>
        {
            for (var row = begin; row < end; row++)
            {
                var line = x + (row * width);
                if (branch is not null)
                {
                    var other = branch + (row * width);
                    var into = sum + (row * width);
                    for (long i = 0; i < width; i += Lanes.Count)
                        Lanes.Store(into + i, Lanes.Load(line + i, width - i) + Lanes.Load(other + i, width - i), width - i);
                    line = into;
                }

                var mean = centered ? Mean(line, width) : 0;
                var reciprocal = 1 / MathF.Sqrt(MeanSquare(line, width, mean) + epsilon);
                statistics[2 * row] = mean;
                statistics[(2 * row) + 1] = reciprocal;
                var (shift, scale) = (Vector512.Create(mean), Vector512.Create(reciprocal));
                var result = normed + (row * width);
                for (long i = 0; i < width; i += Lanes.Count)
                {
                    var left = width - i;
                    var value = (Lanes.Load(line + i, left) - shift) * scale * Lanes.Load((Fp32*)weight + i, left);
                    if (bias is not null)
                        value += Lanes.Load((Fp32*)bias + i, left);
                    Lanes.Store(result + i, value, left);
                }
            }
        });

    /// <summary>
    /// gradient = sumGradient + the norm's; the gradients of weight and bias as block sums, [blocks, width] each, to be
    /// added up by <see cref="ReductionKernels.AddBlocks"/>.
    /// </summary>
    internal static void Backward<T>(
        T* sum, T* sumGradient, T* normedGradient, float* weight, float* statistics, T* gradient,
        float* weightBlocks, float* biasBlocks, long rows, long width, bool centered)
        where T : unmanaged, IElement<T> =>
        EngineThreads.For(ReductionKernels.Blocks(rows), 1, (begin, end) =>
        {
            for (var block = begin; block < end; block++)
            {
                var last = Math.Min(rows, (block + 1) * ReductionKernels.BlockRows);
                for (var row = block * ReductionKernels.BlockRows; row < last; row++)
                {
                    BackwardRow(
                        sum + (row * width),
                        sumGradient is null ? null : sumGradient + (row * width),
                        normedGradient + (row * width),
                        weight, statistics[2 * row], statistics[(2 * row) + 1], gradient + (row * width),
                        weightBlocks + (block * width), biasBlocks is null ? null : biasBlocks + (block * width), width, centered);
                }
            }
        });

    private static void BackwardRow<T>(
        T* sum, T* sumGradient, T* normedGradient, float* weight, float mean, float reciprocal, T* gradient,
        float* weightSum, float* biasSum, long width, bool centered)
        where T : unmanaged, IElement<T>
    {
        // With h = (x - mean) r and g = dy w: dx = r (g - mean(g) - h mean(g h)); the first mean only for LayerNorm.
        var (shift, scale) = (Vector512.Create(mean), Vector512.Create(reciprocal));
        var gradientTotal = Vector512<float>.Zero;
        var productTotal = Vector512<float>.Zero;
        for (long i = 0; i < width; i += Lanes.Count)
        {
            var left = width - i;
            // Lanes beyond the row are 0 in dy, so what h holds there does not count.
            var h = (Lanes.Load(sum + i, left) - shift) * scale;
            var above = Lanes.Load(normedGradient + i, left);
            var g = above * Lanes.Load((Fp32*)weight + i, left);
            gradientTotal += g;
            productTotal += g * h;
            var weightInto = (Fp32*)weightSum + i;
            Lanes.Store(weightInto, Vector512.FusedMultiplyAdd(above, h, Lanes.Load(weightInto, left)), left);
            if (biasSum is not null)
            {
                var biasInto = (Fp32*)biasSum + i;
                Lanes.Store(biasInto, Lanes.Load(biasInto, left) + above, left);
            }
        }

        var meanGradient = Vector512.Create(centered ? Vector512.Sum(gradientTotal) / width : 0);
        var meanProduct = Vector512.Create(Vector512.Sum(productTotal) / width);
        for (long i = 0; i < width; i += Lanes.Count)
        {
            var left = width - i;
            var h = (Lanes.Load(sum + i, left) - shift) * scale;
            var g = Lanes.Load(normedGradient + i, left) * Lanes.Load((Fp32*)weight + i, left);
            var value = scale * (g - meanGradient - (h * meanProduct));
            if (sumGradient is not null)
                value += Lanes.Load(sumGradient + i, left);
            Lanes.Store(gradient + i, value, left);
        }
    }

    private static float Mean<T>(T* line, long width) where T : unmanaged, IElement<T>
    {
        var total = Vector512<float>.Zero;
        for (long i = 0; i < width; i += Lanes.Count)
            total += Lanes.Load(line + i, width - i);
        return Vector512.Sum(total) / width;
    }

    private static float MeanSquare<T>(T* line, long width, float mean) where T : unmanaged, IElement<T>
    {
        var total = Vector512<float>.Zero;
        var shift = Vector512.Create(mean);
        for (long i = 0; i < width; i += Lanes.Count)
        {
            var value = Lanes.Load(line + i, width - i, rest: mean) - shift;
            total = Vector512.FusedMultiplyAdd(value, value, total);
        }

        return Vector512.Sum(total) / width;
    }
}
