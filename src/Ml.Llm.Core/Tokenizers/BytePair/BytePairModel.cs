namespace Ml.Llm.Tokenization;

/// <summary>
/// Byte-pair encoding: a word is spelled as single characters (or bytes), each a token, and merges join them. A lone
/// surrogate counts as U+FFFD.
/// </summary>
/// <threadsafety>Safe for any number of threads.</threadsafety>
internal sealed class BytePairModel : ITokenModel
{
    private readonly WordSpeller _speller;
    private readonly MergeBorders? _borders;
    private readonly MergeDropout? _dropout;
    private readonly WordCache _cache = new();

    /// <summary>Makes the model of a vocabulary.</summary>
    /// <param name="vocabulary">Tokens, merges and options.</param>
    /// <param name="takesBytes">
    /// Whether pieces are taken as UTF-8 bytes, whose characters of the byte alphabet are the tokens: what a byte-level
    /// pre-tokenizer would have made of them. Otherwise they are taken as characters.
    /// </param>
    /// <param name="seed">What the dropped merges are chosen by, where the options ask for dropout.</param>
    public BytePairModel(BytePairVocabulary vocabulary, bool takesBytes = true, ulong seed = 0)
    {
        Vocabulary = vocabulary;
        TakesBytes = takesBytes;
        _speller = new WordSpeller(vocabulary, takesBytes);
        _dropout = vocabulary.Options.Dropout is > 0 and var dropout ? new MergeDropout(dropout, seed) : null;
        _borders = takesBytes || _dropout is not null ? null : MergeBorders.Of(vocabulary, _speller);
    }

    /// <summary>Tokens, merges and options.</summary>
    public BytePairVocabulary Vocabulary { get; }

    public int LargestId => Vocabulary.Tokens.LargestId;

    public int Count => Vocabulary.Tokens.Count;

    public bool TakesBytes { get; }

    public string? UnknownToken => Vocabulary.Options.UnknownToken;

    public int? IdOf(string token) => Vocabulary.Tokens.IdOf(token);

    public string? TokenOf(int id) => Vocabulary.Tokens.TokenOf(id);

    public void WriteTo(JsonOutput output) => Vocabulary.WriteTo(output);

    public void Encode(ReadOnlySpan<char> piece, List<int> ids)
    {
        if (_borders is null || piece.Length <= WordCache.LongestWord)
        {
            EncodeWord(piece, ids);
            return;
        }

        for (var start = 0; start < piece.Length;)
        {
            var end = _borders.EndOfPart(piece, start);
            EncodeWord(piece[start..end], ids);
            start = end;
        }
    }

    public void Encode(ReadOnlySpan<char> piece, List<PieceToken> tokens)
    {
        // A word of one token has that token's place, unless characters may vanish; of others the ends are not kept.
        var cacheable = IsCacheable(piece) && !_speller.DropsUnknown;
        if (piece.IsEmpty) return;
        if (cacheable && _cache.TryFind(piece, out var known) && known.Length == 1)
        {
            tokens.Add(new PieceToken(known[0], 0, piece.Length, EndsInside: false));
            return;
        }

        var symbols = SymbolList.Rent();
        Tokenize(piece, symbols);
        if (cacheable && symbols.Count == 1) _cache.Add(piece, symbols.Ids);
        var character = _speller.CursorOf(piece);
        var start = 0;
        for (var i = 0; i < symbols.Count; i++)
        {
            var end = symbols.Ends[i];
            character.MoveTo(start);
            var first = character.Start;
            character.MoveTo(end - 1);
            tokens.Add(new PieceToken(symbols.Ids[i], first, character.End, end < character.EndByte));
            start = end;
        }

        SymbolList.Return(symbols);
    }

    private bool IsCacheable(ReadOnlySpan<char> word) => word.Length <= WordCache.LongestWord && _dropout is null;

    private void EncodeWord(ReadOnlySpan<char> word, List<int> ids)
    {
        var cacheable = IsCacheable(word);
        if (word.IsEmpty || (cacheable && _cache.TryAppend(word, ids))) return;

        var symbols = SymbolList.Rent();
        Tokenize(word, symbols);
        if (cacheable) _cache.Add(word, symbols.Ids);
        ids.AddRange(symbols.Ids);
        SymbolList.Return(symbols);
    }

    private void Tokenize(ReadOnlySpan<char> word, SymbolList symbols)
    {
        word = WellFormedText.Of(word);
        if (_dropout is null && Vocabulary.Options.IgnoresMerges && _speller.TryGetWhole(word, out var whole))
        {
            // Its end is that of the word: more bytes than a word of this length can have.
            symbols.Add(whole, 8 * word.Length);
            return;
        }

        _speller.Spell(word, symbols);
        symbols.Keep(_dropout is null
            ? PairMerger.Merge(Vocabulary.Merges, symbols.Ids, symbols.Ends)
            : _dropout.Merge(Vocabulary.Merges, symbols.Ids, symbols.Ends));
    }
}
