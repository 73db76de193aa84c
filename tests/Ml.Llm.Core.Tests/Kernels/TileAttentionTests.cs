using Ml.Llm.Kernels;
using Ml.Llm.Models;
using Ml.Llm.Models.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Core.Tests.Kernels;

/// <summary>Attention by tiles in bf16 against attention by whole products, which keeps the scores.</summary>
[TestClass]
public sealed class TileAttentionTests
{
    /// <summary>Batch, length, heads, key-value heads, dimensions, layout.</summary>
    public static IEnumerable<object[]> Shapes() =>
    [
        [2, 128, 2, 2, 64, "full"], [3, 100, 4, 2, 32, "packed"], [2, 130, 4, 1, 128, "full"], [2, 192, 3, 3, 96, "packed"], [3, 70, 2, 1, 64, "padded"], [1, 1, 2, 2, 32, "full"], [2, 65, 2, 2, 256, "padded"],
    ];

    [TestMethod]
    [DynamicData(nameof(Shapes))]
    public void Is_no_farther_from_fp32_than_whole_products(int batch, int length, int heads, int keyValueHeads, int dim, string rows)
    {
        if (!TileAttention.Fits(dim))
            Assert.Inconclusive("This processor multiplies no tiles of bf16.");
        using var scope = NewDisposeScope();
        var layout = Layout(batch, length, rows);
        var frequencies = Enumerable.Range(0, dim / 2).Select(i => (float)Math.Pow(10_000, -2.0 * i / dim)).ToArray();
        var attention = new AttentionGeometry(heads, keyValueHeads, dim, (float)(1 / Math.Sqrt(dim)), new RotaryTable(frequencies, 1, length, CPU));
        var generator = new Generator(3, CPU);
        var source = randn([(long)batch * length, (heads + (2L * keyValueHeads)) * dim], generator: generator).to(ScalarType.BFloat16);
        var above = randn([(long)batch * length, (long)heads * dim], generator: generator).to(ScalarType.BFloat16);

        var exact = Run(new AttendStep(attention, layout), source.to(ScalarType.Float32), above.to(ScalarType.Float32));
        var whole = Run(new AttendStep(attention, layout), source, above);
        var tiles = Run(new TileAttendStep(attention, layout), source, above);
        Assert.IsLessThan((1.2 * Distance(exact.Result, whole.Result)) + 1e-4, Distance(exact.Result, tiles.Result), "result");
        Assert.IsLessThan((1.2 * Distance(exact.Gradient, whole.Gradient)) + 1e-4, Distance(exact.Gradient, tiles.Gradient), "gradient");
    }

    private static AttentionLayout Layout(int batch, int length, string rows)
    {
        var places = Enumerable.Range(0, batch * length).Select(i => i % length).ToArray();
        return rows switch
        {
            "packed" => AttentionLayout.Custom([.. places.Select(place => place / 37 * 37)], [.. places.Select(place => place % 37)], batch, length),
            "padded" => AttentionLayout.LeftPadded([.. Enumerable.Range(0, batch).Select(row => row * (length / 3))], length),
            _ => AttentionLayout.Full(batch, length),
        };
    }

    private static (Tensor Result, Tensor Gradient) Run(LayerStep step, Tensor source, Tensor above)
    {
        var result = step.Forward([source], training: true)[0];
        return (result, step.Backward([above])[0]!);
    }

    private static double Distance(Tensor expected, Tensor actual) =>
        ((expected - actual.to(ScalarType.Float32)).norm() / expected.norm()).item<float>();
}
