using Microsoft.ML;
using Microsoft.ML.Data;

namespace Ml.Llm.Rows;

/// <summary>A column that a mapping reads.</summary>
/// <param name="Name">Its name in the input.</param>
/// <param name="Type">The type that it must have.</param>
/// <param name="IsVector">Whether it must be a vector, of any length, of this type.</param>
internal sealed record MappedInput(string Name, DataViewType Type, bool IsVector = false);

/// <summary>
/// What a row-to-row transformer of ours is made of: the columns it reads, the columns it adds, and one function that
/// computes them for a batch of rows. A transformer holds a mapping and hands ML.NET's questions on to it.
/// </summary>
/// <threadsafety>Instances are immutable; <see cref="Compute"/> is called from several threads at once and must allow it.</threadsafety>
internal sealed class BatchMapping
{
    /// <summary>The component, as error messages name it.</summary>
    public required string Name { get; init; }

    /// <summary>The columns that <see cref="Compute"/> reads.</summary>
    public required IReadOnlyList<MappedInput> Inputs { get; init; }

    /// <summary>The columns that are added behind those of the input.</summary>
    public required IReadOnlyList<DataViewSchema.DetachedColumn> Outputs { get; init; }

    /// <summary>The most rows that are computed at once.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>Computes the wanted outputs of some rows.</summary>
    public required Action<BatchRows, BatchResults> Compute { get; init; }

    /// <summary>The view with the outputs added. Nothing is computed until a value is asked for.</summary>
    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new BatchMappedView(MapperFor(input.Schema), input);
    }

    /// <summary>The mapper for rows of a schema.</summary>
    /// <exception cref="DataFormatException">An input column is missing or has another type.</exception>
    public BatchMapper MapperFor(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return new BatchMapper(this, inputSchema);
    }
}

/// <summary>The rows that a mapping computes at once.</summary>
/// <threadsafety>Read by one thread, for the length of one call.</threadsafety>
internal sealed class BatchRows
{
    private readonly IReadOnlyList<ColumnBuffer> inputs;

    /// <summary>Makes the batch.</summary>
    /// <param name="inputs">The mapping's inputs, in its order.</param>
    /// <param name="count">The number of rows.</param>
    /// <param name="firstPosition">The position of the first row in its view.</param>
    public BatchRows(IReadOnlyList<ColumnBuffer> inputs, int count, long firstPosition)
    {
        this.inputs = inputs;
        Count = count;
        FirstPosition = firstPosition;
    }

    /// <summary>The number of rows, at least 1.</summary>
    public int Count { get; }

    /// <summary>The position of the first row in its view; the others follow it.</summary>
    public long FirstPosition { get; }

    /// <summary>The values of an input column, a value a row.</summary>
    /// <param name="input">The input's index in the mapping.</param>
    public ReadOnlySpan<T> Values<T>(int input) => ((ColumnBuffer<T>)inputs[input]).Values.AsSpan(0, Count);
}

/// <summary>Where a mapping puts what it computed.</summary>
/// <threadsafety>Written by one thread, for the length of one call.</threadsafety>
internal sealed class BatchResults
{
    private readonly IReadOnlyList<bool> wanted;
    private readonly Array?[] values;
    private readonly int count;

    /// <summary>Makes the empty results.</summary>
    /// <param name="wanted">Which outputs are asked for, in the mapping's order.</param>
    /// <param name="count">The number of rows.</param>
    public BatchResults(IReadOnlyList<bool> wanted, int count)
    {
        this.wanted = wanted;
        this.count = count;
        values = new Array?[wanted.Count];
    }

    /// <summary>Whether an output is asked for; one that is not need not be computed.</summary>
    public bool IsWanted(int output) => wanted[output];

    /// <summary>Whether an output was computed.</summary>
    public bool Has(int output) => values[output] is not null;

    /// <summary>Puts the values of an output, a value a row.</summary>
    public void Set<T>(int output, T[] column)
    {
        if (column.Length != count)
            throw new ArgumentException($"{column.Length} values were computed for {count} rows.", nameof(column));
        values[output] = column;
    }

    /// <summary>The values of an output that is wanted.</summary>
    public T[] Get<T>(int output) => (T[]?)values[output] ?? throw new InvalidOperationException($"The mapping did not compute its output {output}.");
}
