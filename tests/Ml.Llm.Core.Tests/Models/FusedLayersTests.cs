using Ml.Llm.Engine;
using Ml.Llm.Models;
using Ml.Llm.Models.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Core.Tests.Models;

/// <summary>The layers written by hand against their twins of plain operators, through whole models.</summary>
[TestClass]
public sealed class FusedLayersTests
{
    private const int Batch = 3;
    private const int Length = 21;

    public static IEnumerable<object[]> Shapes()
    {
        yield return ["gpt2", Decoder() with { QueryKeyValueBias = true, AttentionOutputBias = true, FeedForwardBias = true }];
        yield return ["gpt2 with erf and layer scales", Decoder() with { Activation = Activation.Gelu, AttentionScales = [0.3f, 0.1f], FeedForwardBias = true }];
        yield return ["llama", Llama()];
        yield return ["llama, grouped queries, untied, odd widths", Llama() with { KeyValueHeads = 2, TiedHead = false, IntermediateSize = 53, HeadDim = 12, InverseFrequencies = Frequencies(12), PaddingToken = 3 }];
        yield return ["llama, one key-value head, biases", Llama() with { KeyValueHeads = 1, QueryKeyValueBias = true, AttentionOutputBias = true, FeedForwardBias = true }];
    }

    [TestMethod]
    [DynamicData(nameof(Shapes))]
    public void Equal_the_plain_ones_in_fp32(string name, object shape)
    {
        foreach (var layout in Layouts())
            Compare(name, (DecoderShape)shape, layout);
    }

    [TestMethod]
    [DynamicData(nameof(Shapes))]
    public void Are_no_farther_from_fp32_than_the_plain_ones_in_bf16(string name, object shape)
    {
        using var scope = NewDisposeScope();
        using var model = Model((DecoderShape)shape);
        var (ids, labels) = Tokens(model);
        var exact = Run(model, PlainLayers.Instance, ids, labels, layout: null);
        model.Parameters.UseComputeType(ScalarType.BFloat16);
        var plain = Run(model, PlainLayers.Instance, ids, labels, layout: null);
        var fused = Run(model, FusedLayers.Instance, ids, labels, layout: null);

        Assert.AreEqual(exact.Sum, fused.Sum, (1.5 * Math.Abs(exact.Sum - plain.Sum)) + (0.01 * exact.Sum), name);
        AssertNotFarther(exact.Hidden, plain.Hidden, fused.Hidden, $"{name}: hidden");
        AssertNotFarther(exact.Gradients, plain.Gradients, fused.Gradients, $"{name}: gradients");
    }

    [TestMethod]
    public void Add_up_gradients_over_micro_batches_and_start_anew_in_the_next_step()
    {
        using var scope = NewDisposeScope();
        using var model = new DecoderModel(Llama(), seed: 1);
        model.Parameters.EnableTraining();
        var ids = randint(0, 61, [4, Length], ScalarType.Int64, generator: new Generator(1, CPU));
        var whole = Gradients(model, [ids]);
        var halves = Gradients(model, [ids.narrow(0, 0, 1), ids.narrow(0, 1, 3)]);
        Assert.IsLessThan(1e-6, (whole - halves).abs().max().item<float>());
        Assert.IsGreaterThan(1e-4, whole.abs().max().item<float>());
    }

    [TestMethod]
    public void Give_the_same_bits_whatever_the_number_of_threads() => AssertSameBits(static () =>
    {
        using var model = new DecoderModel(Decoder() with { FeedForwardBias = true }, seed: 1);
        var (rows, width) = (200L, 48L);
        var x = randn([rows, width], generator: new Generator(5, CPU)).requires_grad_(true);
        model.Parameters.Groups[^1].Value.fill_(0.7f);
        model.Parameters.EnableTraining();
        model.Parameters.BeginStep();
        var group = model.Parameters.Groups[^1];
        var normed = model.Layers.AddNormLast(x, null, new Norm(NormKind.Rms, group, null, 1e-5f));
        BackwardGuard.Backward(normed.pow(2).sum());
        return cat([normed.detach().flatten(), x.grad!.flatten(), group.Gradient!.flatten()]);
    });

    [TestMethod]
    public void Whole_steps_in_bf16_give_the_same_bits_whatever_the_number_of_threads()
    {
        if (!TileKernel.Supported)
            Assert.Inconclusive("This processor multiplies no tiles of bf16, and the engine's products promise no such thing.");
        AssertSameBits(static () =>
        {
            var shape = Llama() with { VocabSize = 96, HiddenSize = 64, Heads = 2, KeyValueHeads = 1, HeadDim = 32, IntermediateSize = 96, MaxPositions = 100, InverseFrequencies = Frequencies(32) };
            using var model = new DecoderModel(shape, ScalarType.BFloat16, seed: 1);
            model.Parameters.EnableTraining();
            var ids = randint(0, 96, [3, 100], ScalarType.Int64, generator: new Generator(2, CPU));
            return Gradients(model, [ids]);
        });
    }

    [TestMethod]
    public void Leave_no_tensor_behind()
    {
        using var model = new DecoderModel(Llama(), ScalarType.BFloat16, seed: 1);
        model.Parameters.EnableTraining();
        var counts = new List<long>();
        for (var step = 0; step < 4; step++)
        {
            using (NewDisposeScope())
            {
                var ids = randint(0, 61, [2, Length], ScalarType.Int64);
                model.Parameters.BeginStep();
                BackwardGuard.Backward(model.CausalLoss(model.Forward(ids), ids, 0.1).Loss);
                model.Parameters.FinishBackward();
            }

            counts.Add(Tensor.TotalCount);
        }

        Assert.AreEqual(counts[1], counts[3], string.Join(", ", counts));
    }

    [TestMethod]
    public void An_error_in_backward_reaches_the_caller_and_the_process_lives()
    {
        using var scope = NewDisposeScope();
        using var model = new DecoderModel(Llama(), seed: 1);
        model.Parameters.EnableTraining();
        model.Parameters.BeginStep();
        var ids = randint(0, 61, [1, 4], ScalarType.Int64);
        var loss = model.CausalLoss(model.Forward(ids), ids, 1).Loss;
        var failure = Assert.ThrowsExactly<InvalidOperationException>(() => BackwardGuard.Backward(loss * 2));
        Assert.Contains("scale", failure.Message);
    }

    [TestMethod]
    public void Ids_and_lengths_are_checked_before_the_engine_sees_them()
    {
        using var scope = NewDisposeScope();
        using var model = new DecoderModel(Llama(), seed: 1);
        Assert.Contains("61", Assert.ThrowsExactly<ArgumentException>(() => model.Forward(tensor([1L, 61L]).view(1, 2))).Message);
        Assert.Contains("64 positions", Assert.ThrowsExactly<ArgumentException>(() => model.Forward(zeros([1, 65], ScalarType.Int64))).Message);
        Assert.ThrowsExactly<ArgumentException>(() => model.Forward(zeros([1, 0], ScalarType.Int64)));
    }

    private static DecoderShape Decoder() => new()
    {
        VocabSize = 61, HiddenSize = 48, Layers = 2, Heads = 4, KeyValueHeads = 4, HeadDim = 12, IntermediateSize = 96, MaxPositions = 64,
        Norm = NormKind.Layer, NormEpsilon = 1e-5f, Activation = Activation.GeluTanh, Gated = false, TiedHead = true,
    };

    private static DecoderShape Llama() => Decoder() with
    {
        HiddenSize = 64,
        HeadDim = 16,
        Norm = NormKind.Rms,
        Activation = Activation.Silu,
        Gated = true,
        InverseFrequencies = Frequencies(16),
    };

    private static float[] Frequencies(int width) =>
        [.. Enumerable.Range(0, width / 2).Select(i => (float)Math.Pow(10_000, -2.0 * i / width))];

    private static IEnumerable<AttentionLayout?> Layouts()
    {
        yield return null;
        yield return AttentionLayout.LeftPadded([0, 5, 20], Length);
        var first = new int[Batch * Length];
        var positions = new int[Batch * Length];
        for (var i = 0; i < first.Length; i++)
        {
            first[i] = i % Length / 6 * 6; // Packed documents of six tokens.
            positions[i] = i % Length % 6;
        }

        yield return AttentionLayout.Custom(first, positions, Batch, Length);
    }

    private static void AssertSameBits(Func<Tensor> compute)
    {
        using var scope = NewDisposeScope();
        var threads = get_num_threads();
        try
        {
            var results = new List<Tensor>();
            foreach (var count in (int[])[1, 2, 3])
            {
                set_num_threads(count);
                using var step = NewDisposeScope();
                results.Add(compute().MoveToOuterDisposeScope());
            }

            Assert.IsGreaterThan(0f, results[0].abs().max().item<float>());
            Assert.IsTrue(results[0].equal(results[1]).all().item<bool>(), "1 and 2 threads");
            Assert.IsTrue(results[0].equal(results[2]).all().item<bool>(), "1 and 3 threads");
        }
        finally
        {
            set_num_threads(threads);
        }
    }

    private static Tensor Gradients(DecoderModel model, Tensor[] parts)
    {
        model.Parameters.BeginStep();
        foreach (var ids in parts)
            BackwardGuard.Backward(model.CausalLoss(model.Forward(ids), ids, 0.01).Loss);
        model.Parameters.FinishBackward();
        return model.Parameters.Gradients!.clone();
    }

    private static DecoderModel Model(DecoderShape shape)
    {
        var model = new DecoderModel(shape, seed: 7, initializerRange: 0.2f);
        foreach (var parameter in model.Parameters.All.Where(static parameter => !parameter.Decays))
            parameter.Value.add_(randn(parameter.Shape, generator: new Generator(3, CPU)) * 0.2); // Biases and norms that matter.
        model.Parameters.EnableTraining();
        return model;
    }

    private static (Tensor Ids, Tensor Labels) Tokens(DecoderModel model)
    {
        var random = new Generator(11, CPU);
        var ids = randint(0, model.Shape.VocabSize, [Batch, Length], ScalarType.Int64, generator: random);
        var labels = randint(0, model.Shape.VocabSize, [Batch, Length], ScalarType.Int64, generator: random);
        labels[1, torch.TensorIndex.Slice(0, 7)] = TokenIds.Ignored;
        return (ids, labels);
    }

    private static void Compare(string name, DecoderShape shape, AttentionLayout? layout)
    {
        using var scope = NewDisposeScope();
        using var model = Model(shape);
        var (ids, labels) = Tokens(model);
        var fused = Run(model, FusedLayers.Instance, ids, labels, layout);
        var plain = Run(model, PlainLayers.Instance, ids, labels, layout);

        Assert.AreEqual(plain.Count, fused.Count, name);
        Assert.AreEqual(plain.Sum, fused.Sum, Math.Abs(plain.Sum) * 2e-5, name);
        AssertClose(plain.Hidden, fused.Hidden, 2e-5, $"{name}: hidden");
        foreach (var parameter in model.Parameters.All)
        {
            var expected = plain.Gradients.narrow(0, parameter.Offset, parameter.Count);
            var got = fused.Gradients.narrow(0, parameter.Offset, parameter.Count);
            // Some gradients are zero but for rounding: a key's bias adds the same to every score of a query.
            var size = Math.Max(expected.norm().item<float>(), plain.Gradients.norm().item<float>() * 1e-2);
            Assert.IsLessThan(3e-5, (expected - got).norm().item<float>() / size, $"{name}: gradient of {parameter.Name}");
        }
    }

    private static void AssertNotFarther(Tensor exact, Tensor plain, Tensor fused, string name)
    {
        var size = exact.norm().item<float>();
        var plainError = (plain - exact).norm().item<float>() / size;
        var fusedError = (fused - exact).norm().item<float>() / size;
        Assert.IsLessThan((1.3 * plainError) + 1e-3, fusedError, $"{name}: plain is off by {plainError}, fused by {fusedError}");
    }

    private static void AssertClose(Tensor expected, Tensor got, double tolerance, string name)
    {
        var difference = (expected - got).abs().max().item<float>() / Math.Max(1, expected.abs().max().item<float>());
        Assert.IsLessThan(tolerance, difference, name);
    }

    private static (Tensor Hidden, Tensor Gradients, double Sum, long Count) Run(DecoderModel model, ILayers layers, Tensor ids, Tensor labels, AttentionLayout? layout)
    {
        model.Layers = layers;
        model.Parameters.BeginStep();
        var hidden = model.Forward(ids, layout);
        var loss = model.CausalLoss(hidden, labels, 0.02);
        BackwardGuard.Backward(loss.Loss);
        model.Parameters.FinishBackward();
        Assert.AreEqual(loss.Sum * 0.02, loss.Loss.item<float>(), 1e-3 * Math.Abs(loss.Sum));
        return (hidden.detach().to(ScalarType.Float32), model.Parameters.Gradients!.clone(), loss.Sum, loss.Count);
    }
}
