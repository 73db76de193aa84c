namespace Ml.Llm.Tokenization;

/// <summary>A special token that a post-processor names with its id.</summary>
internal sealed record NamedToken(string Token, int Id)
{
    /// <summary>The token as a piece of an encoding.</summary>
    public PlanPiece Piece(int typeId) => PlanPiece.OfTokens([Id], [Token], typeId);

    /// <summary>Writes it as Hugging Face does: the token, then the id.</summary>
    public void WriteTo(JsonOutput output, string name)
    {
        output.Name(name);
        output.BeginArray();
        output.Text(Token);
        output.Integer(Id);
        output.EndArray();
    }
}

/// <summary>BERT's way: [CLS] A [SEP], and B [SEP] of type 1 behind it.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class BertPostProcessor(NamedToken sep, NamedToken cls) : IPostProcessor
{
    public int AddedTokens(bool pair) => pair ? 3 : 2;

    public IReadOnlyList<PlanPiece[]> Arrange(IReadOnlyList<PlanPiece[]> groups, bool addSpecialTokens) => addSpecialTokens
        ? groups.Select((group, i) => i == 0 ? (PlanPiece[])[cls.Piece(0), .. group, sep.Piece(0)] : [.. group, sep.Piece(1)]).ToList()
        : groups;

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "BertProcessing");
        sep.WriteTo(output, "sep");
        cls.WriteTo(output, "cls");
        output.EndObject();
    }
}
