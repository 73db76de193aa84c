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
    /// <param name="branch">[rows, width], or null: then sum is not written.</param>
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
            using var buffer = new RowBuffer(width);
            for (var row = begin; row < end; row++)
            {
                Widen(x + (row * width), branch is null ? null : branch + (row * width), sum + (row * width), buffer.Values, width);
                var mean = centered ? Mean(buffer.Values, width) : 0;
                var reciprocal = 1 / MathF.Sqrt(MeanSquare(buffer.Values, width, mean) + epsilon);
                statistics[2 * row] = mean;
                statistics[(2 * row) + 1] = reciprocal;
                Normalize(buffer.Values, normed + (row * width), weight, bias, mean, reciprocal, width);
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

    /// <summary>The row in fp32, after adding the branch; the sum as it is stored, so that backward sees the same.</summary>
    private static void Widen<T>(T* line, T* branch, T* sum, float* buffer, long width) where T : unmanaged, IElement<T>
    {
        for (long i = 0; i < width; i += Lanes.Count)
        {
            var value = Lanes.Load(line + i, width - i);
            if (branch is not null)
            {
                Lanes.Store(sum + i, value + Lanes.Load(branch + i, width - i), width - i);
                value = Lanes.Load(sum + i, width - i);
            }

            value.Store(buffer + i);
        }
    }

    private static void Normalize<T>(float* buffer, T* normed, float* weight, float* bias, float mean, float reciprocal, long width)
        where T : unmanaged, IElement<T>
    {
        var (shift, scale) = (Vector512.Create(mean), Vector512.Create(reciprocal));
        for (long i = 0; i < width; i += Lanes.Count)
        {
            var left = width - i;
            var value = (Vector512.Load(buffer + i) - shift) * scale * Lanes.Load((Fp32*)weight + i, left);
            if (bias is not null)
                value += Lanes.Load((Fp32*)bias + i, left);
            Lanes.Store(normed + i, value, left);
        }
    }

    private static float Mean(float* line, long width)
    {
        var total = Vector512<float>.Zero;
        for (long i = 0; i < width; i += Lanes.Count)
            total += Vector512.Load(line + i); // Lanes beyond the row hold 0.
        return Vector512.Sum(total) / width;
    }

    private static float MeanSquare(float* line, long width, float mean)
    {
        var total = Vector512<float>.Zero;
        var shift = Vector512.Create(mean);
        for (long i = 0; i < width; i += Lanes.Count)
        {
            var value = Lanes.Load((Fp32*)line + i, width - i, rest: mean) - shift;
            total = Vector512.FusedMultiplyAdd(value, value, total);
        }

        return Vector512.Sum(total) / width;
    }
}
