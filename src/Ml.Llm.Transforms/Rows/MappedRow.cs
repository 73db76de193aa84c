using Microsoft.ML;
using Microsoft.ML.Data;

namespace Ml.Llm.Rows;

/// <summary>
/// A single row with a mapping's outputs, as a prediction engine reads it: the engine moves the row under it on, and the
/// outputs are computed once a position.
/// </summary>
/// <threadsafety>One thread at a time, as with any row of ML.NET.</threadsafety>
internal sealed class MappedRow : DataViewRow
{
    private readonly BatchMapper mapper;
    private readonly DataViewRow input;
    private readonly ActiveColumns active;
    private readonly ColumnBuffer[] inputs;
    private readonly bool[] wanted; // outputs that have a getter: an engine asks for all columns and reads some
    private BatchResults? results;
    private long computedAt;
    private bool disposed;

    /// <summary>Puts the outputs behind a row's columns.</summary>
    /// <param name="mapper">What is computed.</param>
    /// <param name="input">A row that has the mapper's dependencies active; it is disposed with this one.</param>
    /// <param name="active">The columns asked for.</param>
    public MappedRow(BatchMapper mapper, DataViewRow input, ActiveColumns active)
    {
        this.mapper = mapper;
        this.input = input;
        this.active = active;
        inputs = active.AnyOwn ? mapper.InputsOf(mapper.BuffersFor(input, [])) : [];
        wanted = new bool[mapper.Mapping.Outputs.Count];
    }

    public override DataViewSchema Schema => mapper.OutputSchema;

    public override long Position => input.Position;

    public override long Batch => input.Batch;

    public override bool IsColumnActive(DataViewSchema.Column column) => active.Contains(column);

    public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        var own = active.Check<TValue>(column);
        if (own < 0)
            return input.GetGetter<TValue>(input.Schema[column.Index]);
        wanted[own] = true;
        return (ref TValue value) =>
        {
            EnsureComputed(own);
            KeptValue<TValue>.CopyTo(ref results!.Get<TValue>(own)[0], ref value);
        };
    }

    protected override void Dispose(bool disposing)
    {
        if (!disposed && disposing)
        {
            disposed = true;
            input.Dispose();
        }

        base.Dispose(disposing);
    }

    private void EnsureComputed(int own)
    {
        if (results is not null && results.Has(own) && computedAt == input.Position)
            return;
        results = null;
        foreach (var buffer in inputs)
            buffer.Read(0);
        results = mapper.Compute(new BatchRows(inputs, 1, Math.Max(0, input.Position)), wanted);
        computedAt = input.Position;
    }
}
