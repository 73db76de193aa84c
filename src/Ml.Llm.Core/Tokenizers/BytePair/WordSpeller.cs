using System.Text;

namespace Ml.Llm.Tokenization;

/// <summary>
/// Spells a word as the symbols that merges begin with: one a character, or one a byte of its UTF-8 where a byte-level
/// pre-tokenizer left that to the model. What is not in the vocabulary becomes byte tokens, the unknown token, or vanishes.
/// </summary>
/// <remarks>
/// Hugging Face's model sees characters only; after a byte-level pre-tokenizer these are characters of the byte alphabet. Here
/// the bytes themselves are looked up, and lengths are counted as if they were those characters.
/// </remarks>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class WordSpeller
{
    private readonly TokenTable _tokens;
    private readonly BytePairModelOptions _options;
    private readonly bool _takesBytes;
    private readonly SymbolTable _symbols;
    private readonly int[]? _byteTokens;
    private readonly int? _unknown;

    /// <summary>Makes the speller of a vocabulary.</summary>
    public WordSpeller(BytePairVocabulary vocabulary, bool takesBytes)
    {
        (_tokens, _options, _takesBytes) = (vocabulary.Tokens, vocabulary.Options, takesBytes);
        _symbols = new SymbolTable(_tokens, _options.ContinuingSubwordPrefix, _options.EndOfWordSuffix);
        _byteTokens = _options.FallsBackToBytes ? UnknownTokens.IdsOfBytes(_tokens.IdOf) : null;
        _unknown = _options.UnknownToken is { } token ? _tokens.IdOf(token) : null;
        DropsUnknown = _options.UnknownToken is null && (_byteTokens is null || Array.IndexOf(_byteTokens, -1) >= 0) && !(takesBytes && KnowsAllBytes());
    }

    /// <summary>Whether a character, in the middle of a word, is a token.</summary>
    public bool Knows(int codePoint) => _symbols.IdOf(codePoint, isFirst: false, isLast: false) != SymbolTable.None;

    /// <summary>Whether an unknown character may vanish, so that its neighbours meet.</summary>
    public bool DropsUnknown { get; }

    /// <summary>Whether an id is that of a symbol which stands for a character that is no token.</summary>
    public bool StandsForUnknown(int id) => id == _unknown || (_byteTokens is { } bytes && Array.IndexOf(bytes, id) >= 0);

    /// <summary>Where the characters of a word lie, by lengths as this speller counts them.</summary>
    public CharacterCursor CursorOf(ReadOnlySpan<char> word) => new(word, _takesBytes);

    /// <summary>Adds the symbols of a word, which has no lone surrogates.</summary>
    public void Spell(ReadOnlySpan<char> word, SymbolList symbols)
    {
        var unknown = new UnknownRun();
        for (var at = 0; at < word.Length;)
        {
            int codePoint = word[at];
            var length = 1;
            if (char.IsHighSurrogate(word[at])) (codePoint, length) = (char.ConvertToUtf32(word[at], word[at + 1]), 2);
            var (isFirst, isLast) = (at == 0, at + length == word.Length);
            at += length;
            if (!_takesBytes) AddUnit(codePoint, isFirst, isLast, symbols, ref unknown);
            else if (codePoint < 0x80) AddUnit(ByteAlphabet.Characters[codePoint], isFirst, isLast, symbols, ref unknown);
            else SpellBytes(new Rune(codePoint), isFirst, isLast, symbols, ref unknown);
        }

        if (unknown.Length > 0) symbols.Add(UnknownId, unknown.Length);
    }

    /// <summary>The id of a word that is a token as a whole.</summary>
    public bool TryGetWhole(ReadOnlySpan<char> word, out int id)
    {
        id = 0;
        if (word.Length > _tokens.LongestToken) return false;
        if (!_takesBytes) return _tokens.TryGetId(word, out id);

        const int StackSize = 512;
        var most = _tokens.LongestToken + 1;
        Span<char> characters = most <= StackSize ? stackalloc char[most] : new char[most];
        Span<byte> bytes = stackalloc byte[4];
        var count = 0;
        foreach (var rune in word.EnumerateRunes())
        {
            var written = rune.EncodeToUtf8(bytes);
            if (count + written > _tokens.LongestToken) return false;
            foreach (var value in bytes[..written]) characters[count++] = ByteAlphabet.Characters[value];
        }

        return _tokens.TryGetId(characters[..count], out id);
    }

    private bool KnowsAllBytes()
    {
        foreach (var character in ByteAlphabet.Characters)
        {
            foreach (var (isFirst, isLast) in ((bool, bool)[])[(false, false), (false, true), (true, false), (true, true)])
            {
                if (_symbols.IdOf(character, isFirst, isLast) == SymbolTable.None) return false;
            }
        }

        return true;
    }

    private int UnknownId => _unknown ?? throw UnknownTokens.Missing("BPE", _options.UnknownToken);

    private void SpellBytes(Rune rune, bool isFirst, bool isLast, SymbolList symbols, ref UnknownRun unknown)
    {
        Span<byte> bytes = stackalloc byte[4];
        var count = rune.EncodeToUtf8(bytes);
        for (var i = 0; i < count; i++)
            AddUnit(ByteAlphabet.Characters[bytes[i]], isFirst && i == 0, isLast && i == count - 1, symbols, ref unknown);
    }

    private void AddUnit(int codePoint, bool isFirst, bool isLast, SymbolList symbols, ref UnknownRun unknown)
    {
        var length = codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
        var id = _symbols.IdOf(codePoint, isFirst, isLast);
        if (id != SymbolTable.None)
        {
            if (unknown.Length > 0) symbols.Add(UnknownId, unknown.Length);
            unknown.Length = 0;
            symbols.Add(id, length);
        }
        else if (_byteTokens is null || !TryAddByteTokens(codePoint, isFirst, isLast, symbols))
        {
            if (_options.UnknownToken is null) return;
            _ = UnknownId;
            if (unknown.Length > 0 && !_options.FusesUnknown)
            {
                symbols.Add(UnknownId, unknown.Length);
                unknown.Length = 0;
            }

            unknown.Length += length;
        }
    }

    /// <summary>Adds a token a byte, of the prefix and suffix too, as Hugging Face does; none if one of them is missing.</summary>
    private bool TryAddByteTokens(int codePoint, bool isFirst, bool isLast, SymbolList symbols)
    {
        Span<byte> bytes = stackalloc byte[4];
        bytes = bytes[..new Rune(codePoint).EncodeToUtf8(bytes)];
        var prefix = isFirst || string.IsNullOrEmpty(_options.ContinuingSubwordPrefix) ? [] : Encoding.UTF8.GetBytes(_options.ContinuingSubwordPrefix);
        var suffix = !isLast || string.IsNullOrEmpty(_options.EndOfWordSuffix) ? [] : Encoding.UTF8.GetBytes(_options.EndOfWordSuffix);
        if (!HaveTokens(bytes) || !HaveTokens(prefix) || !HaveTokens(suffix)) return false;
        foreach (var value in prefix) symbols.Add(_byteTokens![value], 1);
        foreach (var value in bytes) symbols.Add(_byteTokens![value], 1);
        foreach (var value in suffix) symbols.Add(_byteTokens![value], 1);
        return true;
    }

    private bool HaveTokens(ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
        {
            if (_byteTokens![value] < 0) return false;
        }

        return true;
    }

    /// <summary>Unknown characters whose token is not added yet: how many bytes they have.</summary>
    private struct UnknownRun
    {
        public int Length;
    }
}
