using Microsoft.ML;
using Microsoft.ML.Data;
using Ml.Llm.Rows;

namespace Ml.Llm.Transforms.Tests.Rows;

/// <summary>A mapping that is cheap to check, and notes every call: Text in, its capitals and a vector (length, length) out.</summary>
internal sealed class CountingMapping
{
    private readonly Lock gate = new();

    public CountingMapping(int batchSize = 64)
    {
        Mapping = new BatchMapping
        {
            Name = "Counting",
            Inputs = [new MappedInput("Text", TextDataViewType.Instance)],
            Outputs =
            [
                new DataViewSchema.DetachedColumn("Capitals", TextDataViewType.Instance),
                new DataViewSchema.DetachedColumn("Lengths", new VectorDataViewType(NumberDataViewType.Single, 2)),
            ],
            BatchSize = batchSize,
            Compute = Compute,
        };
    }

    public BatchMapping Mapping { get; }

    /// <summary>Rows of each call.</summary>
    public List<int> Calls { get; } = [];

    /// <summary>How often each output was computed.</summary>
    public int[] Computed { get; } = new int[2];

    public int Rows => Calls.Sum();

    private void Compute(BatchRows rows, BatchResults results)
    {
        lock (gate)
        {
            Calls.Add(rows.Count);
            for (var output = 0; output < 2; output++)
                Computed[output] += results.IsWanted(output) ? 1 : 0;
        }

        var texts = rows.Values<ReadOnlyMemory<char>>(0).ToArray();
        if (texts.Any(text => text.Span.SequenceEqual("bad")))
            throw new DataFormatException("The text is bad.", "Text", rows.FirstPosition);
        if (results.IsWanted(0))
            results.Set(0, Array.ConvertAll(texts, text => text.ToString().ToUpperInvariant().AsMemory()));
        if (results.IsWanted(1))
            results.Set(1, Array.ConvertAll(texts, text => new VBuffer<float>(2, [text.Length, text.Length])));
    }
}

/// <summary>A transformer around a mapping, for ML.NET's own machinery.</summary>
internal sealed class MappingTransformer(BatchMapping mapping) : ITransformer
{
    public bool IsRowToRowMapper => true;

    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => mapping.MapperFor(inputSchema).OutputSchema;

    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => mapping.MapperFor(inputSchema);

    public IDataView Transform(IDataView input) => mapping.Transform(input);

    void ICanSaveModel.Save(ModelSaveContext ctx) => throw new NotSupportedException();
}

internal sealed class TextRow
{
    public string Text { get; set; } = "";

    public int Number { get; set; }

    [VectorType(2)]
    public float[] Pair { get; set; } = [0, 0];

    public static IEnumerable<TextRow> Make(int count) =>
        Enumerable.Range(0, count).Select(i => new TextRow { Text = $"row {i}", Number = i, Pair = [i, -i] });
}

internal sealed class MappedTextRow
{
    public string Text { get; set; } = "";

    public int Number { get; set; }

    public float[] Pair { get; set; } = [];

    public string Capitals { get; set; } = "";

    public float[] Lengths { get; set; } = [];
}

/// <summary>A prediction engine's output: only what the engine should ask for.</summary>
internal sealed class CapitalsOnly
{
    public string Capitals { get; set; } = "";
}
