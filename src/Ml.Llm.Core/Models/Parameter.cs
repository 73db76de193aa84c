using static TorchSharp.torch;

namespace Ml.Llm.Models;

/// <summary>One named weight of a model: views of the flat buffers of its <see cref="ParameterSet"/>.</summary>
internal sealed class Parameter
{
    internal Parameter(string name, long[] shape, bool decays, long offset)
    {
        Name = name;
        Shape = shape;
        Decays = decays;
        Offset = offset;
        Count = shape.Aggregate(1L, static (product, size) => checked(product * size));
    }

    /// <summary>The name within the model, such as layers.0.q.weight.</summary>
    internal string Name { get; }

    /// <summary>The shape; matrices are [out, in].</summary>
    internal long[] Shape { get; }

    /// <summary>Whether weight decay applies: to matrices and tables, not to norms and biases.</summary>
    internal bool Decays { get; }

    /// <summary>The first element's place in the flat buffers.</summary>
    internal long Offset { get; }

    /// <summary>The number of elements.</summary>
    internal long Count { get; }

    /// <summary>The fp32 weight, a view of the flat values.</summary>
    internal Tensor Value { get; set; } = null!;

    /// <summary>The fp32 gradient, a view of the flat gradients; null until training is enabled.</summary>
    internal Tensor? Gradient { get; set; }
}
