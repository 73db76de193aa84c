using Microsoft.ML;
using Microsoft.ML.Data;
using Ml.Llm.Hosting;

namespace Ml.Llm.Rows;

/// <summary>A mapping bound to the schema of its input: which column is which, and single rows for a prediction engine.</summary>
/// <remarks>Columns are known by index, since a name may be shadowed by a later column: those of the input first, then the mapping's own.</remarks>
/// <threadsafety>Instances are immutable; several cursors and rows may use one at once.</threadsafety>
internal sealed class BatchMapper : IRowToRowMapper
{
    private readonly DataViewSchema.Column[] inputs;

    /// <summary>Binds a mapping.</summary>
    /// <exception cref="DataFormatException">An input column is missing or has another type.</exception>
    public BatchMapper(BatchMapping mapping, DataViewSchema inputSchema)
    {
        Mapping = mapping;
        InputSchema = inputSchema;
        inputs =
        [
            .. mapping.Inputs.Select(input => input.IsVector
                ? inputSchema.RequireVector(input.Name, input.Type, mapping.Name)
                : inputSchema.Require(input.Name, input.Type, mapping.Name)),
        ];
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(inputSchema);
        builder.AddColumns(mapping.Outputs);
        OutputSchema = builder.ToSchema();
    }

    /// <summary>What is computed.</summary>
    public BatchMapping Mapping { get; }

    /// <inheritdoc/>
    public DataViewSchema InputSchema { get; }

    /// <inheritdoc/>
    public DataViewSchema OutputSchema { get; }

    /// <inheritdoc/>
    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns)
    {
        ArgumentNullException.ThrowIfNull(dependingColumns);
        var needed = new SortedSet<int>();
        foreach (var column in dependingColumns)
        {
            if (column.Index < InputSchema.Count)
                needed.Add(column.Index);
            else
                needed.UnionWith(inputs.Select(input => input.Index));
        }

        return needed.Select(index => InputSchema[index]);
    }

    /// <inheritdoc/>
    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new MappedRow(this, input, new ActiveColumns(this, activeColumns));
    }

    /// <summary>The mapping's inputs among the buffers of the input's columns.</summary>
    public ColumnBuffer[] InputsOf(IReadOnlyList<ColumnBuffer?> buffers) => [.. inputs.Select(input => buffers[input.Index]!)];

    /// <summary>Buffers for the mapping's inputs on a row, by the input's column index; null for every other column.</summary>
    public ColumnBuffer?[] BuffersFor(DataViewRow row, IEnumerable<int> columns)
    {
        var buffers = new ColumnBuffer?[InputSchema.Count];
        foreach (var index in columns.Concat(inputs.Select(input => input.Index)).Distinct())
            buffers[index] = ColumnBuffer.For(row, row.Schema[index]);
        return buffers;
    }

    /// <summary>Computes the wanted outputs.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="wanted">Which outputs, in the mapping's order.</param>
    public BatchResults Compute(BatchRows rows, IReadOnlyList<bool> wanted)
    {
        var results = new BatchResults(wanted, rows.Count);
        Mapping.Compute(rows, results);
        return results;
    }
}
