using System.Text;

namespace Ml.Llm.Tokenization;

/// <summary>
/// Byte-pair encoding over bytes: a piece becomes its UTF-8 bytes, each a token of the byte alphabet, and merges join
/// them. A lone surrogate counts as U+FFFD.
/// </summary>
/// <threadsafety>Safe for any number of threads.</threadsafety>
internal sealed class BytePairModel : ITokenModel
{
    private const int Missing = -1;

    private readonly int[] _byteIds = new int[256];
    private readonly bool[] _isUnknown = new bool[256];
    private readonly WordCache _cache = new();

    /// <summary>Makes the model of a vocabulary.</summary>
    public BytePairModel(BytePairVocabulary vocabulary)
    {
        Vocabulary = vocabulary;
        var unknown = UnknownToken is { } token ? IdOf(token) ?? Missing : Missing;
        for (var value = 0; value < 256; value++)
        {
            // Without an unknown token a byte that is not in the vocabulary vanishes, as with Hugging Face.
            var id = IdOf(ByteAlphabet.Characters[value].ToString());
            _byteIds[value] = id ?? unknown;
            _isUnknown[value] = id is null;
        }
    }

    /// <summary>Tokens, merges and options.</summary>
    public BytePairVocabulary Vocabulary { get; }

    public int LargestId => Vocabulary.LargestId;

    public int Count => Vocabulary.Count;

    public string? UnknownToken => Vocabulary.Options.UnknownToken;

    public int? IdOf(string token) => Vocabulary.TryGetId(token, out var id) ? id : null;

    public string? TokenOf(int id) => Vocabulary.TokenOf(id);

    public void WriteTo(JsonOutput output) => Vocabulary.WriteTo(output);

    public void Encode(ReadOnlySpan<char> piece, List<int> ids)
    {
        var cacheable = piece.Length <= WordCache.LongestWord;
        uint hash = 0;
        if (cacheable && _cache.TryGet(piece, out hash, out var known))
        {
            ids.AddRange(known);
            return;
        }

        var symbols = new SymbolBuffer(piece, stackalloc byte[SymbolBuffer.StackSize], stackalloc int[2 * SymbolBuffer.StackSize]);
        try
        {
            var count = Tokenize(symbols);
            if (cacheable) _cache.Add(piece, hash, symbols.Ids[..count]);
            ids.AddRange(symbols.Ids[..count]);
        }
        finally
        {
            symbols.Dispose();
        }
    }

    public void Encode(ReadOnlySpan<char> piece, List<PieceToken> tokens)
    {
        var symbols = new SymbolBuffer(piece, stackalloc byte[SymbolBuffer.StackSize], stackalloc int[2 * SymbolBuffer.StackSize]);
        try
        {
            var count = Tokenize(symbols);
            var character = default(CharacterCursor);
            var start = 0;
            for (var i = 0; i < count; i++)
            {
                var end = symbols.Ends[i];
                character.MoveTo(piece, start);
                var first = character.Start;
                character.MoveTo(piece, end - 1);
                tokens.Add(new PieceToken(symbols.Ids[i], first, character.End, end < character.EndByte));
                start = end;
            }
        }
        finally
        {
            symbols.Dispose();
        }
    }

    private int Tokenize(SymbolBuffer symbols)
    {
        var bytes = symbols.Bytes;
        if (Vocabulary.Options.IgnoresMerges && Vocabulary.TryGetId(ByteAlphabet.ToToken(bytes), out var whole))
        {
            symbols.Ids[0] = whole;
            symbols.Ends[0] = bytes.Length;
            return 1;
        }

        var count = 0;
        var afterUnknown = false;
        for (var i = 0; i < bytes.Length; i++)
        {
            var id = _byteIds[bytes[i]];
            if (id == Missing) continue;
            var unknown = _isUnknown[bytes[i]];
            if (!(unknown && afterUnknown && Vocabulary.Options.FusesUnknown)) symbols.Ids[count++] = id;
            symbols.Ends[count - 1] = i + 1;
            afterUnknown = unknown;
        }

        return PairMerger.Merge(Vocabulary.Merges, symbols.Ids[..count], symbols.Ends[..count]);
    }

    /// <summary>Walks through a piece by characters, to find the one that holds a byte.</summary>
    private struct CharacterCursor
    {
        /// <summary>The character's first UTF-16 unit.</summary>
        public int Start { get; private set; }

        /// <summary>The unit after it.</summary>
        public int End { get; private set; }

        /// <summary>The byte after it.</summary>
        public int EndByte { get; private set; }

        /// <summary>Goes forward to the character that holds a byte.</summary>
        public void MoveTo(ReadOnlySpan<char> piece, int target)
        {
            while (EndByte <= target)
            {
                Start = End;
                Rune.DecodeFromUtf16(piece[Start..], out var rune, out var length);
                End = Start + length;
                EndByte += rune.Utf8SequenceLength;
            }
        }
    }
}
