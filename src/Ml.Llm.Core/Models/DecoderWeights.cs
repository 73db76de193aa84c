using Ml.Llm.Models.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Models;

/// <summary>The weights of one layer of a decoder.</summary>
internal sealed record DecoderLayerWeights
{
    public required Norm AttentionNorm { get; init; }

    /// <summary>[(heads + 2 kv heads) * head dim, hidden]: rows of query, key and value in turn.</summary>
    public required WeightGroup QueryKeyValue { get; init; }

    public WeightGroup? QueryKeyValueBias { get; init; }

    /// <summary>[hidden, heads * head dim].</summary>
    public required WeightGroup Output { get; init; }

    public WeightGroup? OutputBias { get; init; }

    public required Norm FeedForwardNorm { get; init; }

    /// <summary>[inner, hidden], or [2 * inner, hidden] with rows of gate and up in turn.</summary>
    public required WeightGroup Up { get; init; }

    public WeightGroup? UpBias { get; init; }

    /// <summary>[hidden, inner].</summary>
    public required WeightGroup Down { get; init; }

    public WeightGroup? DownBias { get; init; }
}

/// <summary>All weights of a decoder, named and laid out.</summary>
internal sealed class DecoderWeights : IDisposable
{
    private readonly DecoderShape shape;

    internal DecoderWeights(DecoderShape shape, ScalarType compute, Device device)
    {
        this.shape = shape;
        Tokens = Matrix("embed_tokens", shape.VocabSize, shape.HiddenSize);
        if (shape.InverseFrequencies is null)
            Positions = Matrix("embed_positions", shape.MaxPositions, shape.HiddenSize);
        Layers = [.. Enumerable.Range(0, shape.Layers).Select(Layer)];
        FinalNorm = MakeNorm("norm");
        Head = shape.TiedHead ? Tokens : Matrix("lm_head", shape.VocabSize, shape.HiddenSize);
        Parameters.Allocate(compute, device);
    }

    internal ParameterSet Parameters { get; } = new();

    /// <summary>[vocabulary, hidden].</summary>
    internal WeightGroup Tokens { get; }

    /// <summary>[positions, hidden], where positions are learned.</summary>
    internal WeightGroup? Positions { get; }

    internal IReadOnlyList<DecoderLayerWeights> Layers { get; }

    internal Norm FinalNorm { get; }

    /// <summary>[vocabulary, hidden]; the embedding itself where the head is tied.</summary>
    internal WeightGroup Head { get; }

    public void Dispose() => Parameters.Dispose();

    /// <summary>
    /// Draws initial weights as the families' authors do: matrices and tables from a normal distribution, norms one, biases
    /// zero; for learned positions (GPT-2) the projections into the residual stream are scaled by 1 / sqrt(2 layers).
    /// </summary>
    internal void Initialize(int seed, float range)
    {
        using var scope = NewDisposeScope();
        using var guard = no_grad();
        using var random = new Generator((ulong)seed, CPU);
        foreach (var parameter in Parameters.All)
        {
            if (!parameter.Decays)
            {
                parameter.Value.fill_(parameter.Name.EndsWith(".weight", StringComparison.Ordinal) ? 1 : 0);
                continue;
            }

            var intoStream = parameter.Name.EndsWith(".o.weight", StringComparison.Ordinal) || parameter.Name.EndsWith(".down.weight", StringComparison.Ordinal);
            var deviation = Positions is not null && intoStream ? range / MathF.Sqrt(2 * shape.Layers) : range;
            parameter.Value.copy_(randn(parameter.Shape, ScalarType.Float32, generator: random) * deviation);
        }

        Parameters.RefreshCompute();
    }

    private DecoderLayerWeights Layer(int index)
    {
        var name = $"layers.{index}";
        var (hidden, inner, width) = (shape.HiddenSize, shape.IntermediateSize, shape.HeadDim);
        var (queries, keys) = ((long)shape.Heads * width, (long)shape.KeyValueHeads * width);
        var innerParts = shape.Gated ? new[] { "gate", "up" } : ["up"];
        return new DecoderLayerWeights
        {
            AttentionNorm = MakeNorm($"{name}.norm1"),
            QueryKeyValue = Parameters.Declare([queries + (2 * keys), hidden], decays: true,
                ($"{name}.q.weight", queries), ($"{name}.k.weight", keys), ($"{name}.v.weight", keys)),
            QueryKeyValueBias = !shape.QueryKeyValueBias ? null : Parameters.Declare([queries + (2 * keys)], decays: false,
                ($"{name}.q.bias", queries), ($"{name}.k.bias", keys), ($"{name}.v.bias", keys)),
            Output = Matrix($"{name}.o.weight", hidden, queries),
            OutputBias = shape.AttentionOutputBias ? Vector($"{name}.o.bias", hidden) : null,
            FeedForwardNorm = MakeNorm($"{name}.norm2"),
            Up = Parameters.Declare([innerParts.Length * (long)inner, hidden], decays: true,
                [.. innerParts.Select(part => ($"{name}.{part}.weight", (long)inner))]),
            UpBias = !shape.FeedForwardBias ? null : Parameters.Declare([innerParts.Length * (long)inner], decays: false,
                [.. innerParts.Select(part => ($"{name}.{part}.bias", (long)inner))]),
            Down = Matrix($"{name}.down.weight", hidden, inner),
            DownBias = shape.FeedForwardBias ? Vector($"{name}.down.bias", hidden) : null,
        };
    }

    private Norm MakeNorm(string name) => new(
        shape.Norm,
        Vector($"{name}.weight", shape.HiddenSize),
        shape.Norm == NormKind.Layer ? Vector($"{name}.bias", shape.HiddenSize) : null,
        shape.NormEpsilon);

    private WeightGroup Matrix(string name, long rows, long columns) => Parameters.Declare([rows, columns], decays: true, (name, rows));

    private WeightGroup Vector(string name, long size) => Parameters.Declare([size], decays: false, (name, size));
}
