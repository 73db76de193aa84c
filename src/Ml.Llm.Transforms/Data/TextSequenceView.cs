using Microsoft.ML;
using Microsoft.ML.Data;

namespace Ml.Llm.Data;

/// <summary>A view with one column of text over a sequence that every cursor starts anew.</summary>
/// <threadsafety>Instances are immutable; several cursors may read at once where the sequence can be started several times.</threadsafety>
internal sealed class TextSequenceView : IDataView
{
    private readonly IEnumerable<string> texts;

    /// <summary>Makes the view; nothing is read yet.</summary>
    /// <param name="texts">The texts, a row each.</param>
    /// <param name="columnName">The column's name.</param>
    public TextSequenceView(IEnumerable<string> texts, string columnName)
    {
        this.texts = texts;
        var builder = new DataViewSchema.Builder();
        builder.AddColumn(columnName, TextDataViewType.Instance);
        Schema = builder.ToSchema();
    }

    public DataViewSchema Schema { get; }

    public bool CanShuffle => false;

    public long? GetRowCount() => null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        ArgumentNullException.ThrowIfNull(columnsNeeded);
        return new Cursor(Schema, texts.GetEnumerator(), columnsNeeded.Any(column => column.Index == 0));
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor(DataViewSchema schema, IEnumerator<string> texts, bool active) : DataViewRowCursor
    {
        private long position = -1;
        private bool ended;
        private bool disposed;

        public override DataViewSchema Schema => schema;

        public override long Position => position;

        public override long Batch => 0;

        public override bool MoveNext()
        {
            ended = ended || !texts.MoveNext();
            position = ended ? -1 : position + 1;
            return !ended;
        }

        public override bool IsColumnActive(DataViewSchema.Column column) => active && column.Index == 0;

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId value) =>
        {
            CheckOnRow();
            value = new DataViewRowId((ulong)position, 0);
        };

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            if (!IsColumnActive(column))
                throw new InvalidOperationException($"The column '{column.Name}' was not among the columns that the cursor was asked for.");
            ValueGetter<ReadOnlyMemory<char>> getter = (ref ReadOnlyMemory<char> value) =>
            {
                CheckOnRow();
                value = texts.Current.AsMemory();
            };
            return getter as ValueGetter<TValue>
                ?? throw new InvalidOperationException($"The column '{column.Name}' is of type {TextDataViewType.Instance} ({typeof(ReadOnlyMemory<char>)}), not {typeof(TValue)}.");
        }

        protected override void Dispose(bool disposing)
        {
            if (!disposed && disposing)
            {
                disposed = true;
                position = -1;
                texts.Dispose();
            }

            base.Dispose(disposing);
        }

        private void CheckOnRow()
        {
            if (position < 0)
                throw new InvalidOperationException("The cursor is not on a row: call MoveNext first, and read no value after it returned false.");
        }
    }
}
