namespace Ml.Llm.Tokenization;

/// <summary>Makes the post-processor that puts a tokenizer's own special tokens around texts.</summary>
/// <threadsafety>Belongs to one call.</threadsafety>
internal sealed class FramingTemplate(IReadOnlyList<AddedToken> addedTokens, string file)
{
    private readonly Dictionary<string, int> _ids = addedTokens.ToDictionary(token => token.Content, token => token.Id);

    /// <summary>The place of the first text in a template.</summary>
    public static TemplatePiece A { get; } = new("A", IsSequence: true, 0);

    /// <summary>The place of the second text in a template.</summary>
    /// <param name="typeId">The type of its tokens.</param>
    public static TemplatePiece B(int typeId) => new("B", IsSequence: true, typeId);

    /// <summary>A special token's place in a template.</summary>
    public static TemplatePiece Token(string content, int typeId = 0) => new(content, IsSequence: false, typeId);

    /// <summary>A token and its id.</summary>
    /// <exception cref="ModelFormatException">There is no such token.</exception>
    public NamedToken Named(AddedToken? token, string key) => token is null
        ? throw new ModelFormatException(file, $"the tokenizer has no {key}, which stands around its texts; name it in tokenizer_config.json")
        : new NamedToken(token.Content, _ids[token.Content]);

    /// <summary>The post-processor of two templates.</summary>
    public TemplatePostProcessor Of(IReadOnlyList<TemplatePiece> single, IReadOnlyList<TemplatePiece> pair)
    {
        var tokens = single.Concat(pair).Where(piece => !piece.IsSequence).Select(piece => piece.Name).Distinct()
            .Select(name => new TemplateToken(name, name, [_ids[name]], [name]));
        return new TemplatePostProcessor(single, pair, tokens.ToList());
    }

    /// <summary>A begin token before each text, an end token behind each, as told; the second text and its tokens are of type 1.</summary>
    public TemplatePostProcessor AroundEach(NamedToken? begin, NamedToken? end)
    {
        List<TemplatePiece> single = [.. Around(A, begin, end)];
        return Of(single, [.. single, .. Around(B(1), begin, end)]);
    }

    private static IEnumerable<TemplatePiece> Around(TemplatePiece text, NamedToken? begin, NamedToken? end)
    {
        if (begin is not null) yield return Token(begin.Token, text.TypeId);
        yield return text;
        if (end is not null) yield return Token(end.Token, text.TypeId);
    }
}
