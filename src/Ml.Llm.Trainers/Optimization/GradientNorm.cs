using System.Runtime.Intrinsics;
using Ml.Llm.Engine;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Training;

/// <summary>The L2 norm of a flat fp32 tensor, in one pass over it.</summary>
/// <remarks>
/// Blocks of fixed size are summed in double, and the blocks' sums in their order: the result does not depend on the number of
/// threads. An infinity or NaN anywhere makes the norm infinite or NaN, so that it serves as the check of all gradients too.
/// </remarks>
internal static unsafe class GradientNorm
{
    private const long BlockLength = 1 << 15;

    /// <summary>The norm of a contiguous fp32 tensor.</summary>
    internal static double Of(Tensor gradients)
    {
        if (gradients.device_type != DeviceType.CPU)
        {
            using var norm = gradients.norm();
            return norm.ToDouble();
        }

        var count = gradients.numel();
        var values = TensorMemory.Floats(gradients);
        var blocks = (count + BlockLength - 1) / BlockLength;
        var sums = new double[blocks];
        EngineThreads.For(blocks, 1, (begin, end) =>
        {
            for (var block = begin; block < end; block++)
            {
                var start = block * BlockLength;
                sums[block] = SumOfSquares(values + start, Math.Min(BlockLength, count - start));
            }
        });
        double total = 0;
        foreach (var sum in sums)
            total += sum;
        GC.KeepAlive(gradients);
        return Math.Sqrt(total);
    }

    /// <summary>What every gradient is multiplied by so that their norm is at most the greatest allowed; 1 where clipping is off.</summary>
    internal static double ClipScale(double norm, double maxNorm) => maxNorm > 0 ? Math.Min(1, maxNorm / (norm + 1e-6)) : 1;

    private static double SumOfSquares(float* values, long count)
    {
        var (low, high) = (Vector512<double>.Zero, Vector512<double>.Zero);
        long i = 0;
        for (; i <= count - Vector512<float>.Count; i += Vector512<float>.Count)
        {
            var (lower, upper) = Vector512.Widen(Vector512.Load(values + i));
            low = Vector512.FusedMultiplyAdd(lower, lower, low);
            high = Vector512.FusedMultiplyAdd(upper, upper, high);
        }

        var sum = Vector512.Sum(low + high);
        for (; i < count; i++)
            sum += (double)values[i] * values[i];
        return sum;
    }
}
