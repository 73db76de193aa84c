using Ml.Llm.Engine;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Models;

/// <summary>Checks of token ids before the engine sees them.</summary>
internal static class TokenIds
{
    /// <summary>The label that stands for none.</summary>
    internal const long Ignored = -100;

    /// <summary>Throws where an id is not in the vocabulary.</summary>
    /// <exception cref="ArgumentException">An id is negative or not below the vocabulary's size; the message names it and its place.</exception>
    internal static unsafe void Check(Tensor ids, int vocabSize, string name, bool allowIgnored)
    {
        using var scope = NewDisposeScope();
        var host = ids.device_type == DeviceType.CPU ? ids.contiguous() : ids.cpu();
        var span = new ReadOnlySpan<long>(TensorMemory.Longs(host), checked((int)host.numel()));
        for (var i = 0; i < span.Length; i++)
        {
            if ((ulong)span[i] >= (ulong)vocabSize && !(allowIgnored && span[i] == Ignored))
                throw new ArgumentException($"Token id {span[i]} at place {i} is not in the vocabulary of {vocabSize} tokens.", name);
        }
    }
}
