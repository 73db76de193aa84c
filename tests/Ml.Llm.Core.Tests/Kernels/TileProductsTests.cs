using Ml.Llm.Engine;
using Ml.Llm.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Core.Tests.Kernels;

/// <summary>The products of a linear layer in bf16, by tiles where the processor has them, against fp32 products of the same numbers.</summary>
[TestClass]
public sealed class TileProductsTests
{
    /// <summary>Rows, width (out) and depth (in): whole tiles, remnants of every kind, more than one piece of depth.</summary>
    public static IEnumerable<object[]> Sizes() =>
    [
        [64, 64, 32], [256, 128, 384], [65, 16, 32], [100, 80, 96], [300, 272, 64], [513, 48, 1056], [700, 2080, 32], [90, 96, 2112], [1090, 32, 160],
    ];

    [TestMethod]
    [DynamicData(nameof(Sizes))]
    public void Equal_fp32_but_for_one_rounding(int rows, int width, int depth)
    {
        using var scope = NewDisposeScope();
        var (x, weight, above, bias) = Operands(rows, width, depth);
        var result = empty([rows, width], ScalarType.BFloat16);
        Products.Linear(result, x, weight, bias);
        AssertRounded(Wide(x).matmul(Wide(weight).t()) + bias, result, "x W' + b");

        var inputGradient = empty([rows, depth], ScalarType.BFloat16);
        Products.LinearInputGradient(inputGradient, above, weight);
        AssertRounded(Wide(above).matmul(Wide(weight)), inputGradient, "above W");
    }

    [TestMethod]
    [DynamicData(nameof(Sizes))]
    public void Weight_gradients_are_sums_in_fp32(int rows, int width, int depth)
    {
        using var scope = NewDisposeScope();
        var (x, _, above, _) = Operands(rows, width, depth);
        var expected = Wide(above).t().matmul(Wide(x));
        // Beside tiles the engine rounds the product to bf16 before it joins the gradient.
        var tolerance = TileKernel.Supported ? 1e-5 : 1e-2;
        var gradient = full([width, depth], float.NaN);
        Products.LinearWeightGradient(gradient, above, x, add: false);
        Assert.IsLessThan(tolerance, Distance(expected, gradient));
        Products.LinearWeightGradient(gradient, above, x, add: true);
        Assert.IsLessThan(tolerance, Distance(expected * 2, gradient));
    }

    [TestMethod]
    public void A_NaN_stays_in_its_row()
    {
        using var scope = NewDisposeScope();
        var (x, weight, _, bias) = Operands(130, 64, 96);
        x[3, 5] = float.NaN;
        var result = empty([130, 64], ScalarType.BFloat16);
        Products.Linear(result, x, weight, bias);
        var rows = isnan(result).all(1);
        Assert.IsTrue(rows[3].item<bool>());
        Assert.AreEqual(1, rows.sum().item<long>());
        Assert.AreEqual(64, isnan(result).sum().item<long>());
    }

    [TestMethod]
    public void Operands_that_do_not_fit_are_refused_before_memory_is_touched()
    {
        using var scope = NewDisposeScope();
        var (x, weight, above, _) = Operands(64, 64, 32);
        Assert.ThrowsExactly<ArgumentException>(() => Products.LinearWeightGradient(zeros(64, 16), above, x, add: false));
        Assert.ThrowsExactly<ArgumentException>(() => Products.Linear(empty([64, 64], ScalarType.BFloat16), x, weight, zeros(32)));
    }

    private static (Tensor X, Tensor Weight, Tensor Above, Tensor Bias) Operands(int rows, int width, int depth)
    {
        var generator = new Generator(7, CPU);
        Tensor Random(params long[] shape) => randn(shape, generator: generator);
        return (Random(rows, depth).to(ScalarType.BFloat16), Random(width, depth).to(ScalarType.BFloat16), Random(rows, width).to(ScalarType.BFloat16), Random(width));
    }

    private static Tensor Wide(Tensor tensor) => tensor.to(ScalarType.Float32);

    private static double Distance(Tensor expected, Tensor actual) => ((expected - actual).norm() / expected.norm()).item<float>();

    /// <summary>Half a unit in the last of bf16's 8 bits, and the fp32 sums' own error.</summary>
    private static void AssertRounded(Tensor expected, Tensor actual, string what)
    {
        var excess = (expected - Wide(actual)).abs() - (expected.abs() / 256) - 1e-3;
        Assert.IsLessThanOrEqualTo(0f, excess.max().item<float>(), what);
    }
}
