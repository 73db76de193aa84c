using Microsoft.ML;
using Microsoft.ML.Data;

namespace Ml.Llm.Rows;

/// <summary>A view of those rows whose text in one column passes a test that every cursor starts afresh.</summary>
/// <threadsafety>Instances are immutable; several cursors may read at once where the input allows it.</threadsafety>
internal sealed class RowFilterView : IDataView
{
    private readonly IDataView input;
    private readonly DataViewSchema.Column column;
    private readonly Func<Predicate<ReadOnlyMemory<char>>> startTest;
    private readonly Action<long, long> finished;
    private int reported;

    /// <summary>Makes the view; no row is read yet.</summary>
    /// <param name="input">The rows.</param>
    /// <param name="column">The column of text that is tested.</param>
    /// <param name="startTest">Called by every cursor: the test of that cursor's rows, in their order.</param>
    /// <param name="canShuffle">Whether the test gives the same answers in any order of rows.</param>
    /// <param name="finished">Told once, by the first cursor that reaches the end: rows read and rows left out.</param>
    public RowFilterView(
        IDataView input,
        DataViewSchema.Column column,
        Func<Predicate<ReadOnlyMemory<char>>> startTest,
        bool canShuffle,
        Action<long, long> finished)
    {
        this.input = input;
        this.column = column;
        this.startTest = startTest;
        this.finished = finished;
        CanShuffle = canShuffle && input.CanShuffle;
    }

    public DataViewSchema Schema => input.Schema;

    public bool CanShuffle { get; }

    public long? GetRowCount() => null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        ArgumentNullException.ThrowIfNull(columnsNeeded);
        var active = columnsNeeded.Select(needed => needed.Index).ToHashSet();
        var read = active.Append(column.Index).Distinct().Select(index => input.Schema[index]);
        return new Cursor(this, input.GetRowCursor(read, CanShuffle ? rand : null), active);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private void Report(long rows, long leftOut)
    {
        if (Interlocked.Exchange(ref reported, 1) == 0)
            finished(rows, leftOut);
    }

    private sealed class Cursor : DataViewRowCursor
    {
        private readonly RowFilterView view;
        private readonly DataViewRowCursor input;
        private readonly HashSet<int> active;
        private readonly ValueGetter<ReadOnlyMemory<char>> textGetter;
        private readonly Predicate<ReadOnlyMemory<char>> test;
        private long position = -1;
        private long rows;
        private long kept;
        private bool ended;
        private bool disposed;

        public Cursor(RowFilterView view, DataViewRowCursor input, HashSet<int> active)
        {
            this.view = view;
            this.input = input;
            this.active = active;
            textGetter = input.GetGetter<ReadOnlyMemory<char>>(view.column);
            test = view.startTest();
        }

        public override DataViewSchema Schema => view.Schema;

        public override long Position => position;

        public override long Batch => input.Batch;

        public override bool MoveNext()
        {
            ReadOnlyMemory<char> text = default;
            while (!ended && input.MoveNext())
            {
                rows++;
                textGetter(ref text);
                if (!test(text))
                    continue;
                position = kept++;
                return true;
            }

            if (!ended)
                view.Report(rows, rows - kept);
            ended = true;
            position = -1;
            return false;
        }

        public override bool IsColumnActive(DataViewSchema.Column column) => active.Contains(column.Index);

        public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            if (!active.Contains(column.Index))
                throw new InvalidOperationException($"The column '{column.Name}' was not among the columns that the cursor was asked for.");
            return input.GetGetter<TValue>(column);
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
    }
}
