using static TorchSharp.torch;

namespace Ml.Llm.Models.Layers;

/// <summary>Cosines and sines of rotary positions, for all positions of a model.</summary>
/// <remarks>
/// Su et al., RoFormer (arXiv 2104.09864), in Hugging Face's order: the pair of dimension i is (i, i + head dim / 2).
/// Angles are fp32 products position * frequency, as the peers compute them.
/// </remarks>
/// <threadsafety>Immutable after construction.</threadsafety>
internal sealed class RotaryTable : IDisposable
{
    internal RotaryTable(ReadOnlySpan<float> inverseFrequencies, float scaling, int positions, Device device)
    {
        Half = inverseFrequencies.Length;
        Positions = positions;
        var cosines = new float[positions * Half];
        var sines = new float[positions * Half];
        for (var position = 0; position < positions; position++)
        {
            for (var i = 0; i < Half; i++)
            {
                var angle = position * inverseFrequencies[i];
                cosines[(position * Half) + i] = (float)Math.Cos(angle) * scaling;
                sines[(position * Half) + i] = (float)Math.Sin(angle) * scaling;
            }
        }

        CosineArray = cosines;
        SineArray = sines;
        using var scope = TorchSharp.torch.NewDisposeScope();
        Cosines = tensor(cosines, [positions, Half], device: device).DetachFromDisposeScope();
        Sines = tensor(sines, [positions, Half], device: device).DetachFromDisposeScope();
    }

    /// <summary>Half the head dimension.</summary>
    internal int Half { get; }

    /// <summary>The number of positions.</summary>
    internal int Positions { get; }

    /// <summary>[positions, half].</summary>
    internal Tensor Cosines { get; }

    /// <summary>[positions, half].</summary>
    internal Tensor Sines { get; }

    /// <summary>[positions * half], for kernels.</summary>
    internal float[] CosineArray { get; }

    /// <summary>[positions * half], for kernels.</summary>
    internal float[] SineArray { get; }

    public void Dispose()
    {
        Cosines.Dispose();
        Sines.Dispose();
    }
}
