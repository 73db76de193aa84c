using Microsoft.ML;

namespace Ml.Llm.Rows;

/// <summary>Which columns of a mapper's output a reader asked for.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
internal sealed class ActiveColumns
{
    private readonly DataViewSchema schema;
    private readonly bool[] active;
    private readonly int inputs;

    /// <summary>Notes what was asked for.</summary>
    public ActiveColumns(BatchMapper mapper, IEnumerable<DataViewSchema.Column> columns)
    {
        ArgumentNullException.ThrowIfNull(columns);
        schema = mapper.OutputSchema;
        inputs = mapper.InputSchema.Count;
        active = new bool[schema.Count];
        foreach (var column in columns)
        {
            if (column.Index >= active.Length || schema[column.Index].Name != column.Name)
                throw new ArgumentException($"The column '{column.Name}' does not belong to this view.", nameof(columns));
            active[column.Index] = true;
        }

    }

    /// <summary>Whether any of the mapping's own outputs is asked for.</summary>
    public bool AnyOwn => active.AsSpan(inputs).Contains(true);

    /// <summary>The indices of the input's columns that are handed through.</summary>
    public IEnumerable<int> PassedThrough => Enumerable.Range(0, inputs).Where(index => active[index]);

    /// <summary>The columns asked for.</summary>
    public IEnumerable<DataViewSchema.Column> All => schema.Where(column => active[column.Index]);

    /// <summary>Whether a column is asked for.</summary>
    public bool Contains(DataViewSchema.Column column) => column.Index < active.Length && active[column.Index];

    /// <summary>Checks a column that a getter is wanted for.</summary>
    /// <returns>The index among the mapping's own outputs, or -1 for a column of the input.</returns>
    /// <exception cref="InvalidOperationException">The column was not asked for, is not of this view, or has another type.</exception>
    public int Check<TValue>(DataViewSchema.Column column)
    {
        if (column.Index >= active.Length || schema[column.Index].Name != column.Name)
            throw new InvalidOperationException($"The column '{column.Name}' does not belong to this view.");
        if (!active[column.Index])
            throw new InvalidOperationException($"The column '{column.Name}' was not among the columns that the cursor was asked for.");
        var type = schema[column.Index].Type;
        if (type.RawType != typeof(TValue))
            throw new InvalidOperationException($"The column '{column.Name}' is of type {type} ({type.RawType}), not {typeof(TValue)}.");
        return column.Index - inputs is var own and >= 0 ? own : -1;
    }
}
