namespace Ml.Llm.Tokenization;

/// <summary>One place of a template: a special token by name, or the sequence A or B.</summary>
/// <param name="Name">The special token's name, or "A" or "B".</param>
/// <param name="IsSequence">Whether the name is that of a sequence.</param>
/// <param name="TypeId">The type given to the tokens at this place.</param>
internal sealed record TemplatePiece(string Name, bool IsSequence, int TypeId);

/// <summary>What a special token of a template stands for: usually one token, at times several.</summary>
/// <param name="Name">Its name in the template.</param>
/// <param name="Ids">The ids.</param>
/// <param name="Tokens">The tokens, as many as ids.</param>
internal sealed record TemplateToken(string Name, IReadOnlyList<int> Ids, IReadOnlyList<string> Tokens);

/// <summary>Puts special tokens around a text as a template says.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class TemplatePostProcessor(
    IReadOnlyList<TemplatePiece> single, IReadOnlyList<TemplatePiece> pair, IReadOnlyList<TemplateToken> specialTokens) : IPostProcessor
{
    private readonly Dictionary<string, TemplateToken> _specialTokens = specialTokens.ToDictionary(token => token.Name);

    public void TrimOffsets(List<DetailedToken> tokens, Func<DetailedToken, string> spell)
    {
    }

    public List<DetailedToken> AddSpecialTokens(List<DetailedToken> tokens)
    {
        var result = new List<DetailedToken>(tokens.Count + single.Count);
        foreach (var piece in single)
        {
            if (piece.IsSequence)
            {
                foreach (var token in tokens) result.Add(token with { TypeId = piece.TypeId });
            }
            else
            {
                foreach (var id in _specialTokens[piece.Name].Ids) result.Add(new DetailedToken(id, 0, 0, -1, piece.TypeId));
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
        foreach (var token in specialTokens.OrderBy(token => token.Name, StringComparer.Ordinal))
        {
            output.Name(token.Name);
            output.BeginObject();
            output.Text("id", token.Name);
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

        output.EndObject();
        output.EndObject();
    }

    private static void WritePieces(JsonOutput output, string name, IReadOnlyList<TemplatePiece> pieces)
    {
        output.Name(name);
        output.BeginArray();
        foreach (var piece in pieces)
        {
            output.BeginObject();
            output.Name(piece.IsSequence ? "Sequence" : "SpecialToken");
            output.BeginObject();
            output.Text("id", piece.Name);
            output.Integer("type_id", piece.TypeId);
            output.EndObject();
            output.EndObject();
        }

        output.EndArray();
    }
}

/// <summary>Several post-processors, one after the other.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class SequencePostProcessor(IReadOnlyList<IPostProcessor> processors) : IPostProcessor
{
    public void TrimOffsets(List<DetailedToken> tokens, Func<DetailedToken, string> spell)
    {
        foreach (var processor in processors) processor.TrimOffsets(tokens, spell);
    }

    public List<DetailedToken> AddSpecialTokens(List<DetailedToken> tokens) =>
        processors.Aggregate(tokens, (current, processor) => processor.AddSpecialTokens(current));

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
