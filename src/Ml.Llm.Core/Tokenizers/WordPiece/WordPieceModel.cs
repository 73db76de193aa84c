using System.Runtime.InteropServices;

namespace Ml.Llm.Tokenization;

/// <summary>The options of a WordPiece model in tokenizer.json.</summary>
/// <param name="UnknownToken">The token for a word that cannot be put together from tokens, or is too long.</param>
/// <param name="ContinuingSubwordPrefix">What tokens begin with that do not begin a word.</param>
/// <param name="MaxInputCharactersPerWord">A word of more code points than this is unknown.</param>
internal sealed record WordPieceModelOptions(
    string UnknownToken = "[UNK]", string ContinuingSubwordPrefix = "##", long MaxInputCharactersPerWord = 100)
{
    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">The unknown token or the prefix is null, or the longest word is negative.</exception>
    public void Validate()
    {
        ArgumentNullException.ThrowIfNull(UnknownToken);
        ArgumentNullException.ThrowIfNull(ContinuingSubwordPrefix);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxInputCharactersPerWord);
    }
}

/// <summary>WordPiece: a word is the longest token that begins it, then the longest continuing token, and so on; or unknown as a whole.</summary>
/// <remarks>Wu and others: Google's Neural Machine Translation System, 2016, section 4.1. The tokens lie in a trie, so that each one is found in one walk.</remarks>
/// <threadsafety>Safe for any number of threads.</threadsafety>
internal sealed class WordPieceModel : ITokenModel
{
    private readonly TokenTable _tokens;
    private readonly ByteTrie _trie;
    private readonly int _continuation;
    private readonly WordCache _cache = new();

    /// <summary>Makes the model of a vocabulary.</summary>
    /// <param name="ids">Token to id; it must not change afterwards.</param>
    /// <param name="options">The options.</param>
    public WordPieceModel(Dictionary<string, int> ids, WordPieceModelOptions options)
    {
        options.Validate();
        Options = options;
        _tokens = new TokenTable(ids);
        _trie = ByteTrie.Of(ids);
        _continuation = _trie.Walk(ByteTrie.Root, System.Text.Encoding.UTF8.GetBytes(options.ContinuingSubwordPrefix));
    }

    /// <summary>The options.</summary>
    public WordPieceModelOptions Options { get; }

    /// <summary>The tokens.</summary>
    public TokenTable Tokens => _tokens;

    public int LargestId => _tokens.LargestId;

    public int Count => _tokens.Count;

    public string? UnknownToken => Options.UnknownToken;

    public int? IdOf(string token) => _tokens.IdOf(token);

    public string? TokenOf(int id) => _tokens.TokenOf(id);

    public void Encode(ReadOnlySpan<char> piece, List<int> ids)
    {
        if (piece.IsEmpty) return;
        var cacheable = piece.Length <= WordCache.LongestWord;
        if (cacheable && _cache.TryAppend(piece, ids)) return;

        var before = ids.Count;
        var symbols = SymbolList.Rent();
        if (TryTokenize(piece, symbols)) ids.AddRange(symbols.Ids);
        else ids.Add(UnknownId);
        SymbolList.Return(symbols);
        if (cacheable) _cache.Add(piece, CollectionsMarshal.AsSpan(ids)[before..]);
    }

    public void Encode(ReadOnlySpan<char> piece, List<PieceToken> tokens)
    {
        if (piece.IsEmpty) return;
        var cacheable = piece.Length <= WordCache.LongestWord;
        if (cacheable && _cache.TryFind(piece, out var known) && known.Length == 1)
        {
            tokens.Add(new PieceToken(known[0], 0, piece.Length, EndsInside: false));
            return;
        }

        var symbols = SymbolList.Rent();
        if (TryTokenize(piece, symbols))
        {
            if (cacheable && symbols.Count == 1) _cache.Add(piece, symbols.Ids);
            var character = new CharacterCursor(piece);
            for (var i = 0; i < symbols.Count; i++)
            {
                var start = character.End;
                character.MoveTo(symbols.Ends[i] - 1);
                tokens.Add(new PieceToken(symbols.Ids[i], start, character.End, EndsInside: false));
            }
        }
        else
        {
            tokens.Add(new PieceToken(UnknownId, 0, piece.Length, EndsInside: false));
        }

        SymbolList.Return(symbols);
    }

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "WordPiece");
        output.Text("unk_token", Options.UnknownToken);
        output.Text("continuing_subword_prefix", Options.ContinuingSubwordPrefix);
        output.Integer("max_input_chars_per_word", Options.MaxInputCharactersPerWord);
        _tokens.WriteTo(output);
        output.EndObject();
    }

    private int UnknownId => _tokens.IdOf(Options.UnknownToken) ?? throw UnknownTokens.Missing("WordPiece", Options.UnknownToken);

    private bool TryTokenize(ReadOnlySpan<char> piece, SymbolList symbols)
    {
        if (piece.Length > Options.MaxInputCharactersPerWord && CodePointsOf(piece) > Options.MaxInputCharactersPerWord) return false;
        using var utf8 = new Utf8Piece(piece, stackalloc byte[Utf8Piece.StackSize]);
        var bytes = utf8.Bytes;
        for (var start = 0; start < bytes.Length;)
        {
            var (id, end) = (ByteTrie.None, start);
            var node = start == 0 ? ByteTrie.Root : _continuation;
            for (var at = start; at < bytes.Length && node != ByteTrie.None; at++)
            {
                node = _trie.Step(node, bytes[at]);
                if (node != ByteTrie.None && _trie.ValueAt(node) is var value and not ByteTrie.None) (id, end) = (value, at + 1);
            }

            if (id == ByteTrie.None) return false;
            symbols.Add(id, end - start);
            start = end;
        }

        return true;
    }

    private static long CodePointsOf(ReadOnlySpan<char> text)
    {
        var count = 0L;
        for (var at = 0; at < text.Length; at++, count++)
        {
            if (at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1])) at++;
        }

        return count;
    }
}
