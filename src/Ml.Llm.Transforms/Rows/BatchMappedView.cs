using Microsoft.ML;

namespace Ml.Llm.Rows;

/// <summary>A view with a mapping's outputs added.</summary>
/// <remarks>A cursor set is always one cursor: several readers of one model would only take the processor from each other.</remarks>
/// <param name="mapper">The mapping, bound to the input's schema.</param>
/// <param name="input">The input.</param>
/// <threadsafety>Instances are immutable; several cursors may read at once where the input allows it.</threadsafety>
internal sealed class BatchMappedView(BatchMapper mapper, IDataView input) : IDataView
{
    public DataViewSchema Schema => mapper.OutputSchema;

    public bool CanShuffle => input.CanShuffle;

    public long? GetRowCount() => input.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        var active = new ActiveColumns(mapper, columnsNeeded);
        return new BatchCursor(mapper, input.GetRowCursor(mapper.GetDependencies(active.All), rand), active);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];
}
