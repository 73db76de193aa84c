namespace Ml.Llm.Models;

/// <summary>A tensor as files of a family hold it.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Shape">Its shape in the file.</param>
/// <param name="Parameters">The parameters of the model that it holds, one after another along the output axis.</param>
/// <param name="Transposed">Whether the file has [in, out] where the model has [out, in].</param>
internal sealed record FileWeight(string Name, long[] Shape, IReadOnlyList<string> Parameters, bool Transposed = false)
{
    /// <summary>The number of elements.</summary>
    internal Int128 Count => Shape.Aggregate((Int128)1, static (product, size) => product * size);
}

/// <summary>
/// How a family's files name the weights: the one mapping between Hugging Face's names and the model's, for reading and writing alike.
/// </summary>
internal abstract class WeightNames
{
    /// <summary>What class weights of the output layer are called in the file, where it is not tied.</summary>
    internal const string Head = "lm_head.weight";

    /// <summary>All tensors of a model.</summary>
    internal IEnumerable<FileWeight> All(DecoderShape shape) =>
        Outer(shape).Concat(Enumerable.Range(0, shape.Layers).SelectMany(layer => Layer(shape, layer)));

    /// <summary>The number of weights.</summary>
    internal Int128 Count(DecoderShape shape) =>
        Sum(Outer(shape)) + (Sum(Layer(shape, 0)) * shape.Layers);

    /// <summary>The name that <see cref="All"/> uses for a tensor of a file, or null for a buffer that holds no weights.</summary>
    internal abstract string? Canonical(string nameInFile);

    /// <summary>The name of the tensor that a tied head repeats.</summary>
    internal abstract string Embedding { get; }

    private protected abstract IEnumerable<FileWeight> Outer(DecoderShape shape);

    private protected abstract IEnumerable<FileWeight> Layer(DecoderShape shape, int layer);

    private static Int128 Sum(IEnumerable<FileWeight> weights) => weights.Aggregate((Int128)0, static (sum, weight) => sum + weight.Count);
}
