namespace Ml.Llm.Tokenization;

/// <summary>RoBERTa's way: &lt;s&gt; A &lt;/s&gt;, and &lt;/s&gt; B &lt;/s&gt; behind it, all of type 0; offsets without white space where asked.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class RobertaPostProcessor(NamedToken sep, NamedToken cls, bool trimOffsets, bool addPrefixSpace) : IPostProcessor
{
    public int AddedTokens(bool pair) => pair ? 4 : 2;

    public IReadOnlyList<PlanPiece[]> Arrange(IReadOnlyList<PlanPiece[]> groups, bool addSpecialTokens)
    {
        if (trimOffsets) groups = OffsetTrimming.AddTo(groups, addPrefixSpace);
        groups = groups.Select(group => Array.ConvertAll(group, piece => piece with { TypeId = 0 })).ToList();
        return addSpecialTokens ? groups.Select(Wrap).ToList() : groups;
    }

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "RobertaProcessing");
        sep.WriteTo(output, "sep");
        cls.WriteTo(output, "cls");
        output.Truth("trim_offsets", trimOffsets);
        output.Truth("add_prefix_space", addPrefixSpace);
        output.EndObject();
    }

    private PlanPiece[] Wrap(PlanPiece[] group, int index)
    {
        var inner = group.Select(piece => piece with { OverflowTypeId = 0 });
        return [(index == 0 ? cls : sep).Piece(0), .. inner, sep.Piece(0)];
    }
}
