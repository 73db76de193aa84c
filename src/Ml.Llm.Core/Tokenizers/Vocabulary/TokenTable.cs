namespace Ml.Llm.Tokenization;

/// <summary>The tokens of a vocabulary and their ids, both ways.</summary>
/// <remarks>Two tokens may share an id, as Hugging Face lets them; the later one is then the token of that id.</remarks>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class TokenTable
{
    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _idsOfSpans;
    private readonly string?[] _tokens;

    /// <summary>Makes the table.</summary>
    /// <param name="ids">Token to id; it must not change afterwards.</param>
    public TokenTable(Dictionary<string, int> ids)
    {
        _ids = ids;
        _idsOfSpans = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        LargestId = ids.Count == 0 ? -1 : ids.Values.Max();
        _tokens = new string?[LargestId + 1];
        foreach (var (token, id) in ids)
        {
            SharesIds |= _tokens[id] is not null;
            _tokens[id] = token;
            LongestToken = Math.Max(LongestToken, token.Length);
        }
    }

    /// <summary>The largest id, or -1.</summary>
    public int LargestId { get; }

    /// <summary>How many tokens there are.</summary>
    public int Count => _ids.Count;

    /// <summary>The length of the longest token, in UTF-16 units.</summary>
    public int LongestToken { get; }

    /// <summary>Whether two tokens have the same id.</summary>
    public bool SharesIds { get; }

    /// <summary>The tokens with their ids, in no order.</summary>
    public IReadOnlyDictionary<string, int> Ids => _ids;

    /// <summary>The id of a token.</summary>
    public bool TryGetId(string token, out int id) => _ids.TryGetValue(token, out id);

    /// <summary>The id of a token, without a string.</summary>
    public bool TryGetId(ReadOnlySpan<char> token, out int id) => _idsOfSpans.TryGetValue(token, out id);

    /// <summary>The id of a token, or null.</summary>
    public int? IdOf(string token) => _ids.TryGetValue(token, out var id) ? id : null;

    /// <summary>The token of an id, or null.</summary>
    public string? TokenOf(int id) => (uint)id < (uint)_tokens.Length ? _tokens[id] : null;

    /// <summary>Writes the tokens as the field <c>vocab</c>, in the order of their ids.</summary>
    public void WriteTo(JsonOutput output)
    {
        output.Name("vocab");
        output.BeginObject();
        for (var id = 0; id < _tokens.Length; id++)
        {
            if (_tokens[id] is { } token) output.Integer(token, id);
        }

        output.EndObject();
    }
}
