namespace Ml.Llm.Tokenization;

/// <summary>Each word is a token, or unknown.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class WordLevelModel : ITokenModel
{
    private readonly TokenTable _tokens;
    private readonly string _unknownToken;

    /// <summary>Makes the model of a vocabulary.</summary>
    /// <param name="ids">Token to id; it must not change afterwards.</param>
    /// <param name="unknownToken">The token for a word that is none.</param>
    public WordLevelModel(Dictionary<string, int> ids, string unknownToken)
    {
        ArgumentNullException.ThrowIfNull(unknownToken);
        (_tokens, _unknownToken) = (new TokenTable(ids), unknownToken);
    }

    /// <summary>The tokens.</summary>
    public TokenTable Tokens => _tokens;

    public int LargestId => _tokens.LargestId;

    public int Count => _tokens.Count;

    public string? UnknownToken => _unknownToken;

    public int? IdOf(string token) => _tokens.IdOf(token);

    public string? TokenOf(int id) => _tokens.TokenOf(id);

    public void Encode(ReadOnlySpan<char> piece, List<int> ids)
    {
        if (!piece.IsEmpty) ids.Add(IdOfWord(piece));
    }

    public void Encode(ReadOnlySpan<char> piece, List<PieceToken> tokens)
    {
        if (!piece.IsEmpty) tokens.Add(new PieceToken(IdOfWord(piece), 0, piece.Length, EndsInside: false));
    }

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "WordLevel");
        _tokens.WriteTo(output);
        output.Text("unk_token", _unknownToken);
        output.EndObject();
    }

    private int IdOfWord(ReadOnlySpan<char> word) =>
        _tokens.TryGetId(WellFormedText.Of(word), out var id) ? id
        : _tokens.IdOf(_unknownToken) ?? throw UnknownTokens.Missing("WordLevel", _unknownToken);
}
