using Ml.Llm.Models;
using Ml.Llm.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Trainers.Tests;

[TestClass]
public sealed class FlatAdamWTests
{
    private const int Matrix = 700; // 700 x 101 elements: several grains, and an end that fills no vector.
    private const int Width = 101;

    private static readonly TrainingOptions Options = new() { WeightDecay = 0.1, AdamBeta1 = 0.8, AdamBeta2 = 0.95, AdamEpsilon = 1e-6 };

    [TestMethod]
    public void Equals_plain_operators_over_ten_steps()
    {
        using var parameters = Parameters(ScalarType.Float32);
        using var optimizer = new FlatAdamW(parameters, Options);
        var twin = new PlainAdamW(parameters, Options);
        for (var step = 1; step <= 10; step++)
        {
            using var scope = NewDisposeScope();
            parameters.Gradients!.copy_(randn(parameters.Count) * 3);
            var scale = GradientNorm.ClipScale(GradientNorm.Of(parameters.Gradients!), 1);
            twin.Step(parameters.Gradients!, 0.01 * step, scale);
            optimizer.Step(0.01 * step, scale);

            Near(twin.Values, parameters.Values, $"weights after step {step}");
            Near(twin.Mean, optimizer.Mean, $"mean after step {step}");
            Near(twin.Square, optimizer.Square, $"square after step {step}");
        }
    }

    [TestMethod]
    public void The_bf16_copy_is_the_weights_rounded_to_nearest_even()
    {
        using var parameters = Parameters(ScalarType.BFloat16);
        using var optimizer = new FlatAdamW(parameters, Options);
        using var scope = NewDisposeScope();
        parameters.Gradients!.copy_(randn(parameters.Count));
        optimizer.Step(0.01, 1);

        Assert.IsTrue(parameters.Compute!.Equals(parameters.Values.to(ScalarType.BFloat16)));
    }

    [TestMethod]
    public void Ties_round_to_even_and_what_is_not_finite_stays_so()
    {
        using var parameters = Parameters(ScalarType.BFloat16);
        using var optimizer = new FlatAdamW(parameters, Options with { WeightDecay = 0 });
        using var scope = NewDisposeScope();
        float[] special =
        [
            BitConverter.UInt32BitsToSingle(0x3f808000), BitConverter.UInt32BitsToSingle(0x3f818000), BitConverter.UInt32BitsToSingle(0x3f808001),
            float.NaN, float.PositiveInfinity, float.MinValue, float.Epsilon, -0f, BitConverter.UInt32BitsToSingle(0x7f800001),
        ];
        parameters.Values.narrow(0, 0, special.Length).copy_(tensor(special));
        optimizer.Step(0, 1);

        using var expected = parameters.Values.to(ScalarType.BFloat16).to(ScalarType.Float32);
        using var got = parameters.Compute!.to(ScalarType.Float32);
        var wanted = expected.data<float>().ToArray();
        var found = got.data<float>().ToArray();
        Assert.AreSequenceEqual(wanted[..special.Length], found[..special.Length]);
    }

    [TestMethod]
    public void The_number_of_threads_changes_no_bit()
    {
        var before = get_num_threads();
        try
        {
            set_num_threads(1);
            var (one, normOfOne) = Run();
            set_num_threads(3);
            var (three, normOfThree) = Run();
            Assert.AreSequenceEqual(one, three);
            Assert.AreEqual(normOfOne, normOfThree);
        }
        finally
        {
            set_num_threads(before);
        }

        static (float[] Weights, double Norm) Run()
        {
            using var parameters = Parameters(ScalarType.Float32);
            using var optimizer = new FlatAdamW(parameters, Options);
            using var scope = NewDisposeScope();
            using var generator = new Generator(5);
            parameters.Gradients!.copy_(randn(parameters.Count, generator: generator));
            var norm = GradientNorm.Of(parameters.Gradients!);
            optimizer.Step(0.01, GradientNorm.ClipScale(norm, 1));
            return (parameters.Values.data<float>().ToArray(), norm);
        }
    }

    [TestMethod]
    public void The_norm_is_exact_for_tiny_and_huge_gradients_and_shows_what_is_not_finite()
    {
        using var scope = NewDisposeScope();
        using var values = rand(100_003) + 0.5;
        var expected = values.to(ScalarType.Float64).norm().ToDouble();

        Assert.AreEqual(expected, GradientNorm.Of(values), 1e-12 * expected);
        Assert.AreEqual(expected * 1e-30, GradientNorm.Of(values * 1e-30), 1e-6 * expected * 1e-30);
        Assert.AreEqual(expected * 1e30, GradientNorm.Of(values * 1e30), 1e-6 * expected * 1e30);
        values[99_999] = float.NaN;
        Assert.IsTrue(double.IsNaN(GradientNorm.Of(values)));
        values[99_999] = float.NegativeInfinity;
        Assert.IsTrue(double.IsInfinity(GradientNorm.Of(values)));
    }

    private static ParameterSet Parameters(ScalarType compute)
    {
        TorchEngine.EnsureLoaded();
        random.manual_seed(3);
        var parameters = new ParameterSet();
        parameters.Declare([Matrix, Width], decays: true, ("matrix", Matrix));
        parameters.Declare([Width], decays: false, ("bias", Width));
        parameters.Allocate(compute, CPU);
        using var guard = no_grad();
        using var drawn = randn(parameters.Count);
        parameters.Values.copy_(drawn);
        parameters.RefreshCompute();
        parameters.EnableTraining();
        return parameters;
    }

    private static void Near(Tensor expected, Tensor got, string what) =>
        Assert.IsTrue(allclose(expected, got, rtol: 2e-6, atol: 1e-7), $"{what}: {(expected - got).abs().max().ToSingle()}");

    /// <summary>AdamW as torch.optim.AdamW states it, operator by operator.</summary>
    private sealed class PlainAdamW(ParameterSet parameters, TrainingOptions options)
    {
        private int steps;

        internal Tensor Values { get; } = parameters.Values.clone();

        internal Tensor Mean { get; } = zeros_like(parameters.Values);

        internal Tensor Square { get; } = zeros_like(parameters.Values);

        internal void Step(Tensor gradients, double rate, double scale)
        {
            steps++;
            var gradient = gradients * scale;
            Values.narrow(0, 0, parameters.DecayCount).mul_(1 - (rate * options.WeightDecay));
            Mean.mul_(options.AdamBeta1).add_(gradient, alpha: 1 - options.AdamBeta1);
            Square.mul_(options.AdamBeta2).add_(gradient * gradient, alpha: 1 - options.AdamBeta2);
            var denominator = (Square.sqrt() / Math.Sqrt(1 - Math.Pow(options.AdamBeta2, steps))).add_(options.AdamEpsilon);
            Values.sub_(Mean / denominator * (rate / (1 - Math.Pow(options.AdamBeta1, steps))));
        }
    }
}
