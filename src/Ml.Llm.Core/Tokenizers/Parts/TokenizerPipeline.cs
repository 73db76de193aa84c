namespace Ml.Llm.Tokenization;

/// <summary>
/// The parts of a tokenizer.json and the way of a text through them: added tokens are cut out, the rest is normalized and
/// split into pieces, the model makes tokens of each, the post-processor trims offsets and adds special tokens.
/// </summary>
/// <threadsafety>Safe for any number of threads.</threadsafety>
internal sealed partial class TokenizerPipeline
{
    private readonly IPreTokenizer? _splitter;
    private readonly AddedTokenMatcher _rawTokens;
    private readonly AddedTokenMatcher _normalizedTokens;
    private readonly Dictionary<int, AddedToken> _addedById;
    private readonly Dictionary<int, string> _decodedForms;
    private readonly Dictionary<string, int> _addedIds;
    private readonly bool[] _special;

    public TokenizerPipeline(
        IReadOnlyList<AddedToken> addedTokens, INormalizer? normalizer, IPreTokenizer? preTokenizer, ITokenModel model, IPostProcessor? postProcessor, ITokenDecoder? decoder)
    {
        (AddedTokens, Normalizer, PreTokenizer, Model, PostProcessor, Decoder) = (addedTokens, normalizer, preTokenizer, model, postProcessor, decoder);
        _splitter = model.TakesBytes ? preTokenizer?.LeavingBytes() : preTokenizer;
        _rawTokens = new AddedTokenMatcher(addedTokens.Where(token => !token.Normalized).Select(token => (token, token.Content)));
        _normalizedTokens = new AddedTokenMatcher(addedTokens.Where(token => token.Normalized).Select(token => (token, Normalized(token.Content))));
        _decodedForms = addedTokens.Where(token => token.Normalized && normalizer is not null).ToDictionary(token => token.Id, token => Normalized(token.Content));
        _addedById = addedTokens.ToDictionary(token => token.Id);
        _addedIds = addedTokens.ToDictionary(token => token.Content, token => token.Id);
        Size = Math.Max(model.LargestId, addedTokens.Count == 0 ? -1 : addedTokens.Max(token => token.Id)) + 1;
        _special = new bool[Size];
        foreach (var token in addedTokens) _special[token.Id] = token.Special;
    }

    public IReadOnlyList<AddedToken> AddedTokens { get; }

    public INormalizer? Normalizer { get; }

    public IPreTokenizer? PreTokenizer { get; }

    public ITokenModel Model { get; }

    public IPostProcessor? PostProcessor { get; }

    public ITokenDecoder? Decoder { get; }

    /// <summary>How encodings are cut unless told otherwise.</summary>
    public TruncationOptions? Truncation { get; init; }

    /// <summary>How encodings are padded unless told otherwise; its id and token are set.</summary>
    public PaddingOptions? Padding { get; init; }

    /// <summary>The largest id plus one.</summary>
    public int Size { get; }

    /// <summary>The token of an id, or null.</summary>
    public string? TokenOf(int id) => _addedById.TryGetValue(id, out var added) ? added.Content : Model.TokenOf(id);

    /// <summary>The token of an id as decoders see it, or null: an added token that is looked for in normalized text is normalized itself.</summary>
    public string? DecodedFormOf(int id) => _decodedForms.TryGetValue(id, out var form) ? form : TokenOf(id);

    /// <summary>The id of a token, or null.</summary>
    public int? IdOf(string token) => _addedIds.TryGetValue(token, out var id) ? id : Model.IdOf(token);

    /// <summary>Whether an id is that of a special token.</summary>
    public bool IsSpecial(int id) => (uint)id < (uint)_special.Length && _special[id];

    /// <summary>The same parts with other added tokens.</summary>
    public TokenizerPipeline WithAddedTokens(IReadOnlyList<AddedToken> addedTokens) =>
        new(addedTokens, Normalizer, PreTokenizer, Model, PostProcessor, Decoder) { Truncation = Truncation, Padding = Padding };

    /// <summary>The same parts with another model, of the same tokens.</summary>
    public TokenizerPipeline WithModel(ITokenModel model) =>
        new(AddedTokens, Normalizer, PreTokenizer, model, PostProcessor, Decoder) { Truncation = Truncation, Padding = Padding };

    /// <summary>Writes the whole tokenizer.json.</summary>
    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("version", "1.0");
        LengthParts.Write(output, Truncation);
        LengthParts.Write(output, Padding);
        output.Name("added_tokens");
        output.BeginArray();
        foreach (var token in AddedTokens.OrderBy(token => token.Id)) token.WriteTo(output);
        output.EndArray();
        WritePart(output, "normalizer", Normalizer);
        WritePart(output, "pre_tokenizer", PreTokenizer);
        WritePart(output, "post_processor", PostProcessor);
        WritePart(output, "decoder", Decoder);
        WritePart(output, "model", Model);
        output.EndObject();
    }

    private static void WritePart(JsonOutput output, string name, ITokenizerPart? part)
    {
        if (part is null)
        {
            output.Null(name);
            return;
        }

        output.Name(name);
        part.WriteTo(output);
    }

    private string Normalized(string content)
    {
        if (Normalizer is null || content.Length == 0) return content;
        var text = new AlignedText();
        text.Load(content, 0, keepsPlaces: false);
        Normalizer.Normalize(text);
        return text.Units.ToString();
    }
}
