using Ml.Llm.Engine;
using Ml.Llm.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Models.Layers;

/// <summary>
/// Head and cross-entropy in chunks of rows: logits live for one chunk, and the gradients of hidden states and head are
/// formed in the forward pass, while the chunk is at hand.
/// </summary>
/// <remarks>The idea of fused linear cross-entropy as in Liger Kernel (arXiv 2410.10989). Rows without a label take no part.</remarks>
internal sealed unsafe class CrossEntropyStep(Tensor labels, WeightGroup head, double scale) : LayerStep
{
    /// <summary>Logits of a chunk take about this many bytes.</summary>
    private const long ChunkBytes = 16L << 20;

    private Tensor? gradient;

    /// <summary>The number of rows with a label.</summary>
    internal long Count { get; private set; }

    /// <summary>The sum of their negative log-likelihoods.</summary>
    internal double Sum { get; private set; }

    internal override Tensor[] Forward(Tensor[] inputs, bool training)
    {
        var hidden = inputs[0]; // [N, H]
        var labelled = Labelled();
        Count = labelled.Length;
        var all = Count == hidden.size(0);
        using var scope = NewDisposeScope();
        if (Count == 0)
        {
            if (training)
                gradient = zeros_like(hidden).MoveToOuterDisposeScope();
            return [zeros([], ScalarType.Float32).MoveToOuterDisposeScope()];
        }

        var places = all ? null : tensor(labelled);
        var rows = places is null ? hidden : hidden.index_select(0, places); // [L, H]
        var targets = places is null ? labels : labels.index_select(0, places);
        var rowGradient = training ? empty_like(rows) : null;
        Sum = Chunks(rows, targets, rowGradient);
        if (training)
        {
            gradient = places is null ? rowGradient! : zeros_like(hidden).index_copy_(0, places, rowGradient!);
            gradient.MoveToOuterDisposeScope();
        }

        return [tensor((float)(Sum * scale)).MoveToOuterDisposeScope()];
    }

    internal override Tensor?[] Backward(Tensor?[] gradients)
    {
        var above = gradients[0]!.item<float>();
        if (above != 1)
            throw new InvalidOperationException($"The gradients of this loss were formed for backward from the loss itself, but {above} came from above: pass the factor as the loss's scale.");
        return [gradient];
    }

    private double Chunks(Tensor rows, Tensor targets, Tensor? rowGradient)
    {
        var vocabulary = head.Shape[0];
        var count = rows.size(0);
        var elementSize = rows.dtype == ScalarType.Float32 ? sizeof(float) : sizeof(ushort);
        var most = Math.Max(64, ChunkBytes / (vocabulary * elementSize));
        var chunks = (count + most - 1) / most;
        var size = (count + chunks - 1) / chunks; // Chunks of equal size, so that none is a remnant.
        var losses = new float[count];
        for (long begin = 0; begin < count; begin += size)
        {
            using var scope = NewDisposeScope();
            var length = Math.Min(size, count - begin);
            var chunk = rows.narrow(0, begin, length); // [C, H]
            var logits = empty([length, vocabulary], rows.dtype); // [C, V]
            Products.Linear(logits, chunk, head.Compute);
            fixed (float* into = losses)
            {
                var chunkTargets = TensorMemory.Longs(targets) + begin;
                if (rows.dtype == ScalarType.Float32)
                    CrossEntropyKernels.Forward((Fp32*)TensorMemory.Floats(logits), chunkTargets, into + begin, length, vocabulary, (float)scale, rowGradient is not null);
                else
                    CrossEntropyKernels.Forward((Bf16*)TensorMemory.Bf16(logits), chunkTargets, into + begin, length, vocabulary, (float)scale, rowGradient is not null);
            }

            if (rowGradient is null)
                continue;
            Products.LinearInputGradient(rowGradient.narrow(0, begin, length), logits, head.Compute); // [C, V] x [V, H]
            LinearStep.AddWeightGradient(head, logits, chunk);
        }

        double sum = 0;
        foreach (var loss in losses)
            sum += loss;
        return sum;
    }

    private long[] Labelled()
    {
        var all = new ReadOnlySpan<long>(TensorMemory.Longs(labels), checked((int)labels.numel()));
        var places = new List<long>(all.Length);
        for (var i = 0; i < all.Length; i++)
        {
            if (all[i] != TokenIds.Ignored)
                places.Add(i);
        }

        return [.. places];
    }
}
