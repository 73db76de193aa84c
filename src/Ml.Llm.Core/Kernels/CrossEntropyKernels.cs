using System.Runtime.Intrinsics;
using Ml.Llm.Engine;

namespace Ml.Llm.Kernels;

/// <summary>Cross-entropy over rows of logits: the loss, and in the same visit its gradient in place of the logits.</summary>
internal static unsafe class CrossEntropyKernels
{
    /// <summary>losses[row] = log sum e^logits - logits[label]; the row becomes scale * (softmax - one-hot) where asked.</summary>
    /// <param name="logits">[rows, vocabulary].</param>
    /// <param name="labels">[rows], each in the vocabulary.</param>
    /// <param name="losses">[rows] in nats.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="vocabulary">The width of a row.</param>
    /// <param name="scale">What the gradient is multiplied by.</param>
    /// <param name="withGradient">Whether logits become their gradient.</param>
    internal static void Forward<T>(T* logits, long* labels, float* losses, long rows, long vocabulary, float scale, bool withGradient)
        where T : unmanaged, IElement<T> =>
        EngineThreads.For(rows, 1, (begin, end) =>
        {
            using var buffer = new RowBuffer(vocabulary);
            for (var row = begin; row < end; row++)
                losses[row] = ForwardRow(logits + (row * vocabulary), labels[row], buffer.Values, vocabulary, scale, withGradient);
        });

    private static float ForwardRow<T>(T* line, long label, float* buffer, long vocabulary, float scale, bool withGradient)
        where T : unmanaged, IElement<T>
    {
        var largest = Vector512.Create(float.NegativeInfinity);
        for (long i = 0; i < vocabulary; i += Lanes.Count)
            largest = Vector512.MaxNative(largest, Lanes.Load(line + i, vocabulary - i, rest: float.NegativeInfinity));
        var top = SoftmaxKernels.MaxOf(largest);
        var shift = Vector512.Create(top);
        var total = Vector512<float>.Zero;
        for (long i = 0; i < vocabulary; i += Lanes.Count)
        {
            var value = VectorMath.Exp(Lanes.Load(line + i, vocabulary - i, rest: top - 200) - shift);
            value.Store(buffer + i);
            total += value;
        }

        var sum = Vector512.Sum(total);
        var loss = MathF.Log(sum) + top - T.ToFloat(line[label]);
        if (withGradient)
        {
            var factor = Vector512.Create(scale / sum);
            for (long i = 0; i < vocabulary; i += Lanes.Count)
                Lanes.Store(line + i, Vector512.Load(buffer + i) * factor, vocabulary - i);
            line[label] = T.FromFloat((buffer[label] * (scale / sum)) - scale);
        }

        return loss;
    }
}
