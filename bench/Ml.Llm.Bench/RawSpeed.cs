using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Bench;

/// <summary>What this machine's products and memory give: the yardsticks of everything else.</summary>
internal static class RawSpeed
{
    internal const string Yardstick = "2048x2048x2048";

    /// <summary>Ten products a step of each shape (rows x in x out), in fp32 and bf16.</summary>
    internal static IReadOnlyList<SteppedContender> Products()
    {
        (long Rows, long In, long Out)[] shapes = [(2048, 384, 1536), (1024, 768, 3072), (2048, 2048, 2048)];
        return [.. shapes.SelectMany(static shape => ((string[])["fp32", "bf16"]).Select(precision => new Product(shape.Rows, shape.In, shape.Out, precision)
        {
            Job = "matmul",
            Unit = "GFLOP/s",
            Precision = precision,
            Shape = string.Create(CultureInfo.InvariantCulture, $"{shape.Rows}x{shape.In}x{shape.Out}"),
        }))];
    }

    /// <summary>The yardstick alone, a few products a step, to be measured beside other work.</summary>
    internal static SteppedContender YardstickBeside() => new Product(2048, 2048, 2048, "bf16", repeats: 2)
    {
        Job = "matmul", Unit = "GFLOP/s", Precision = "bf16", Shape = Yardstick, IsBeside = true,
    };

    /// <summary>The sum of a 512 MiB fp32 tensor.</summary>
    internal static IReadOnlyList<SteppedContender> Reading() => [new Sum { Job = "bandwidth", Unit = "GB/s", Precision = "fp32" }];

    private sealed class Product(long rows, long inputs, long outputs, string precision, int repeats = 10) : SteppedContender
    {
        private readonly Tensor x = Random(rows, inputs, precision);
        private readonly Tensor weight = Random(outputs, inputs, precision);

        internal override double Step()
        {
            using var guard = no_grad();
            for (var i = 0; i < repeats; i++)
                nn.functional.linear(x, weight).Dispose();
            return 2e-9 * rows * inputs * outputs * repeats;
        }

        public override void Dispose()
        {
            x.Dispose();
            weight.Dispose();
        }

        private static Tensor Random(long rows, long columns, string precision)
        {
            using var values = randn(rows, columns);
            return values.to(precision == "bf16" ? ScalarType.BFloat16 : ScalarType.Float32, copy: true);
        }
    }

    private sealed class Sum : SteppedContender
    {
        private const long Bytes = 512L << 20;
        private readonly Tensor values = ones(Bytes / sizeof(float));

        internal override double Step()
        {
            using var sum = values.sum();
            sum.item<float>();
            return Bytes / 1e9;
        }

        public override void Dispose() => values.Dispose();
    }
}
