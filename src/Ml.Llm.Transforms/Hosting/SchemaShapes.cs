using Microsoft.ML;
using Microsoft.ML.Data;

namespace Ml.Llm.Hosting;

/// <summary>
/// Makes ML.NET's schema shapes, whose constructors are internal: an estimator chain fitted on a view without rows asks its
/// members for their shape, and the one member here keeps what it was given, keys and annotations included.
/// </summary>
/// <threadsafety>All members may be called from several threads at once.</threadsafety>
internal static class SchemaShapes
{
    /// <summary>The shape of a schema.</summary>
    public static SchemaShape Of(DataViewSchema schema)
    {
        var spy = new Spy();
        new EstimatorChain<ITransformer>().Append(spy).Fit(new EmptyView(schema));
        return spy.Seen!;
    }

    /// <summary>The shape of an estimator's output: the input with columns added; one of the same name is replaced.</summary>
    public static SchemaShape With(this SchemaShape input, IEnumerable<DataViewSchema.DetachedColumn> added)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(added);
        var shapes = Of(builder.ToSchema());
        return new SchemaShape(input.Where(column => shapes.All(other => other.Name != column.Name)).Concat(shapes));
    }

    /// <summary>The column of that name, or null; of several, the last one, as ML.NET takes it.</summary>
    public static SchemaShape.Column? Find(this SchemaShape shape, string name)
    {
        SchemaShape.Column? found = null;
        foreach (var column in shape)
        {
            if (column.Name == name)
                found = column;
        }

        return found;
    }

    private sealed class Spy : IEstimator<ITransformer>
    {
        public SchemaShape? Seen { get; private set; }

        public SchemaShape GetOutputSchema(SchemaShape inputSchema) => Seen = inputSchema;

        public ITransformer Fit(IDataView input) => new TransformerChain<ITransformer>();
    }
}
