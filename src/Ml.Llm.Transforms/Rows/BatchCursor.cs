using System.Runtime.ExceptionServices;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Ml.Llm.Rows;

/// <summary>
/// Reads ahead and computes in batches, and only when a computed value is asked for:
/// 1) until then every row is the input cursor's own row, handed through;
/// 2) the first getter of a computed column keeps the present row and the rows after it, and computes all of them at once;
/// 3) the rows are then handed out one by one, ids and batch numbers with them, until the window is used up.
/// The window grows 1, 4, 16, ... up to the batch size, so that looking at five rows costs five rows.
/// </summary>
/// <threadsafety>One thread at a time, as with any cursor of ML.NET.</threadsafety>
internal sealed class BatchCursor : DataViewRowCursor
{
    private readonly BatchMapper mapper;
    private readonly DataViewRowCursor input;
    private readonly ActiveColumns active;
    private readonly ColumnBuffer?[] buffers;
    private readonly ColumnBuffer[] inputs;
    private readonly ValueGetter<DataViewRowId> inputId;
    private readonly DataViewRowId[] ids;
    private readonly long[] batches;
    private readonly bool[] wanted; // outputs that have a getter: the others are not computed, though they may be active
    private BatchResults? results;
    private long position = -1;
    private int windowSize = 1;
    private int count; // rows in the window; 0: the present row is the input's own
    private int slot = -1; // the present row's place in the window
    private bool inputEnded;
    private ExceptionDispatchInfo? inputFailure; // reading ahead failed: some row would be missing, so the cursor stays failed
    private bool disposed;

    /// <summary>Starts before the first row.</summary>
    /// <param name="mapper">What is computed.</param>
    /// <param name="input">A cursor that has the mapper's dependencies active; it is disposed with this one.</param>
    /// <param name="active">The columns asked for.</param>
    public BatchCursor(BatchMapper mapper, DataViewRowCursor input, ActiveColumns active)
    {
        this.mapper = mapper;
        this.input = input;
        this.active = active;
        var any = active.AnyOwn;
        buffers = any ? mapper.BuffersFor(input, active.PassedThrough) : [];
        inputs = any ? mapper.InputsOf(buffers) : [];
        ids = new DataViewRowId[any ? mapper.Mapping.BatchSize : 0];
        batches = new long[ids.Length];
        wanted = new bool[mapper.Mapping.Outputs.Count];
        inputId = input.GetIdGetter();
    }

    public override DataViewSchema Schema => mapper.OutputSchema;

    public override long Position => position;

    public override long Batch => slot >= 0 ? batches[slot] : input.Batch;

    public override bool IsColumnActive(DataViewSchema.Column column) => active.Contains(column);

    public override bool MoveNext()
    {
        if (slot + 1 < count)
        {
            slot++;
            position++;
            return true;
        }

        inputFailure?.Throw();
        count = 0;
        slot = -1;
        results = null;
        inputEnded = inputEnded || !input.MoveNext();
        position = inputEnded ? -1 : position + 1;
        return !inputEnded;
    }

    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId value) =>
    {
        CheckOnRow();
        if (slot >= 0)
            value = ids[slot];
        else
            inputId(ref value);
    };

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        var own = active.Check<TValue>(column);
        if (own >= 0)
        {
            wanted[own] = true;
            return (ref TValue value) =>
            {
                CheckOnRow();
                EnsureComputed(own);
                KeptValue<TValue>.CopyTo(ref results!.Get<TValue>(own)[slot], ref value);
            };
        }

        if (!active.AnyOwn)
            return input.GetGetter<TValue>(input.Schema[column.Index]);
        var buffer = (ColumnBuffer<TValue>)buffers[column.Index]!;
        return (ref TValue value) =>
        {
            CheckOnRow();
            if (slot >= 0)
                KeptValue<TValue>.CopyTo(ref buffer.Values[slot], ref value);
            else
                buffer.ReadDirectly(ref value);
        };
    }

    protected override void Dispose(bool disposing)
    {
        if (!disposed && disposing)
        {
            disposed = true;
            position = -1;
            input.Dispose();
        }

        base.Dispose(disposing);
    }

    private void CheckOnRow()
    {
        if (position < 0)
            throw new InvalidOperationException("The cursor is not on a row: call MoveNext first, and read no value after it returned false.");
    }

    private void EnsureComputed(int own)
    {
        if (results is not null && results.Has(own))
            return;
        inputFailure?.Throw();
        if (count == 0)
            ReadAhead();
        results = mapper.Compute(new BatchRows(inputs, count, position - slot), wanted);
        windowSize = Math.Min(windowSize * 4, mapper.Mapping.BatchSize);
    }

    private void ReadAhead()
    {
        try
        {
            Keep();
            slot = 0;
            while (count < windowSize && !(inputEnded = !input.MoveNext()))
                Keep();
        }
        catch (Exception failure)
        {
            inputFailure = ExceptionDispatchInfo.Capture(failure);
            throw;
        }
    }

    private void Keep()
    {
        foreach (var buffer in buffers)
            buffer?.Read(count);
        inputId(ref ids[count]);
        batches[count] = input.Batch;
        count++;
    }
}
