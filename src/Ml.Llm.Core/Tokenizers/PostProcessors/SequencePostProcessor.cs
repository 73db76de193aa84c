namespace Ml.Llm.Tokenization;

/// <summary>Several post-processors, one after the other.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class SequencePostProcessor(IReadOnlyList<IPostProcessor> processors) : IPostProcessor
{
    public int AddedTokens(bool pair) => processors.Sum(processor => processor.AddedTokens(pair));

    public IReadOnlyList<PlanPiece[]> Arrange(IReadOnlyList<PlanPiece[]> groups, bool addSpecialTokens) =>
        processors.Aggregate(groups, (current, processor) => processor.Arrange(current, addSpecialTokens));

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "Sequence");
        output.Name("processors");
        output.BeginArray();
        foreach (var processor in processors) processor.WriteTo(output);
        output.EndArray();
        output.EndObject();
    }
}
