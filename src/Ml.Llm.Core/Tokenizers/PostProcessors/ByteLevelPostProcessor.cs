namespace Ml.Llm.Tokenization;

/// <summary>Cuts leading and trailing white space off the offsets, where it is asked to; adds no token.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class ByteLevelPostProcessor(ByteLevelOptions options) : IPostProcessor
{
    public int AddedTokens(bool pair) => 0;

    public IReadOnlyList<PlanPiece[]> Arrange(IReadOnlyList<PlanPiece[]> groups, bool addSpecialTokens)
    {
        if (options.TrimOffsets) groups = OffsetTrimming.AddTo(groups, options.AddPrefixSpace);
        return groups.Select((group, i) => Array.ConvertAll(group, piece => piece with { SequenceId = i })).ToList();
    }

    public void WriteTo(JsonOutput output) => options.WriteTo(output);
}
