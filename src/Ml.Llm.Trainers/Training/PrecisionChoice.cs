using System.Diagnostics;
using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Training;

/// <summary>Chooses between fp32 and bf16 by measuring a product of the model's size in both.</summary>
internal static class PrecisionChoice
{
    private const int Repetitions = 5;
    private const long MostRows = 2048;
    private const double WorthIt = 0.9; // bf16 must save a tenth: fp32 is exact at the same price.

    /// <summary>The precision that is asked for, or the faster one for Auto.</summary>
    internal static Precision Resolve(Precision asked, (long Rows, long Inner, long Outer) product, Device device, Action<string> log)
    {
        if (asked != Precision.Auto)
            return asked;
        using var guard = no_grad();
        var rows = Math.Min(product.Rows, MostRows);
        var fp32 = Measure(rows, product.Inner, product.Outer, ScalarType.Float32, device);
        var bf16 = Measure(rows, product.Inner, product.Outer, ScalarType.BFloat16, device);
        var choice = bf16 < WorthIt * fp32 ? Precision.Bf16 : Precision.Fp32;
        log(string.Create(CultureInfo.InvariantCulture,
            $"Precision.Auto chose {Name(choice)}: a product {rows} x {product.Inner} x {product.Outer} took {fp32 * 1e3:0.000} ms in fp32 and {bf16 * 1e3:0.000} ms in bf16."));
        return choice;
    }

    internal static ScalarType TypeOf(Precision precision) => precision == Precision.Bf16 ? ScalarType.BFloat16 : ScalarType.Float32;

    /// <summary>The name in logs, checkpoints and model facts.</summary>
    internal static string Name(Precision precision) => precision switch
    {
        Precision.Bf16 => "bf16",
        Precision.Fp32 => "fp32",
        _ => "auto",
    };

    /// <summary>The least seconds of a few runs, which disturbances by other processes do not reach.</summary>
    private static double Measure(long rows, long inner, long outer, ScalarType type, Device device)
    {
        using var scope = NewDisposeScope();
        var x = ones([rows, inner], type, device);
        var weight = ones([outer, inner], type, device);
        var least = double.PositiveInfinity;
        for (var i = 0; i <= Repetitions; i++)
        {
            var start = Stopwatch.GetTimestamp();
            using var y = nn.functional.linear(x, weight);
            if (device.type != DeviceType.CPU)
                cuda.synchronize();
            if (i > 0) // The first one pays for the choice of a kernel and for packing.
                least = Math.Min(least, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return least;
    }
}
