namespace Ml.Llm.Tokenization;

/// <summary>One place of a template: a special token by name, or the sequence A or B.</summary>
/// <param name="Name">The special token's name, or "A" or "B".</param>
/// <param name="IsSequence">Whether the name is that of a sequence.</param>
/// <param name="TypeId">The type given to the tokens at this place.</param>
internal sealed record TemplatePiece(string Name, bool IsSequence, int TypeId)
{
    /// <summary>Writes the piece as Hugging Face does.</summary>
    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Name(IsSequence ? "Sequence" : "SpecialToken");
        output.BeginObject();
        output.Text("id", Name);
        output.Integer("type_id", TypeId);
        output.EndObject();
        output.EndObject();
    }
}

/// <summary>What a special token of a template stands for: usually one token, at times several.</summary>
/// <param name="Name">Its name in the template.</param>
/// <param name="Id">What it calls itself: the name again.</param>
/// <param name="Ids">The ids.</param>
/// <param name="Tokens">The tokens, as many as ids.</param>
internal sealed record TemplateToken(string Name, string Id, IReadOnlyList<int> Ids, IReadOnlyList<string> Tokens);

/// <summary>Puts special tokens around one text or two as a template says.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class TemplatePostProcessor(
    IReadOnlyList<TemplatePiece> single, IReadOnlyList<TemplatePiece> pair, IReadOnlyList<TemplateToken> specialTokens) : IPostProcessor
{
    private readonly Dictionary<string, TemplateToken> _specialTokens = specialTokens.ToDictionary(token => token.Name);

    public int AddedTokens(bool pair) => TemplateFor(pair).Where(piece => !piece.IsSequence).Sum(piece => _specialTokens[piece.Name].Ids.Count);

    /// <summary>Puts the groups at their places.</summary>
    /// <exception cref="NotSupportedException">Another post-processor left more than two groups, which no template has places for.</exception>
    public IReadOnlyList<PlanPiece[]> Arrange(IReadOnlyList<PlanPiece[]> groups, bool addSpecialTokens)
    {
        if (groups.Count is < 1 or > 2)
            throw new NotSupportedException($"a template takes one sequence or two, but the post-processors before it leave {groups.Count}; put it first");
        var result = new List<PlanPiece[]>();
        foreach (var piece in TemplateFor(groups.Count == 2))
        {
            if (piece.IsSequence)
            {
                var sequence = piece.Name == "A" ? 0 : 1;
                result.Add(Array.ConvertAll(groups[sequence], inner => inner with { TypeId = piece.TypeId, SequenceId = sequence }));
            }
            else if (addSpecialTokens)
            {
                var token = _specialTokens[piece.Name];
                result.Add([PlanPiece.OfTokens(token.Ids, token.Tokens, piece.TypeId)]);
            }
        }

        return result;
    }

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "TemplateProcessing");
        WritePieces(output, "single", single);
        WritePieces(output, "pair", pair);
        output.Name("special_tokens");
        output.BeginObject();
        foreach (var token in specialTokens.OrderBy(token => token.Name, StringComparer.Ordinal)) Write(output, token);
        output.EndObject();
        output.EndObject();
    }

    private IReadOnlyList<TemplatePiece> TemplateFor(bool isPair) => isPair ? pair : single;

    private static void WritePieces(JsonOutput output, string name, IReadOnlyList<TemplatePiece> pieces)
    {
        output.Name(name);
        output.BeginArray();
        foreach (var piece in pieces) piece.WriteTo(output);
        output.EndArray();
    }

    private static void Write(JsonOutput output, TemplateToken token)
    {
        output.Name(token.Name);
        output.BeginObject();
        output.Text("id", token.Id);
        output.Name("ids");
        output.BeginArray();
        foreach (var id in token.Ids) output.Integer(id);
        output.EndArray();
        output.Name("tokens");
        output.BeginArray();
        foreach (var text in token.Tokens) output.Text(text);
        output.EndArray();
        output.EndObject();
    }
}
