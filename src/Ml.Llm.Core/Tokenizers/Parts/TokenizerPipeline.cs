using System.Buffers;

namespace Ml.Llm.Tokenization;

/// <summary>
/// The parts of a tokenizer.json and the way of a text through them: added tokens are cut out, the rest is split into
/// pieces, the model makes tokens of each, the post-processor trims offsets and adds special tokens.
/// </summary>
/// <threadsafety>Safe for any number of threads.</threadsafety>
internal sealed class TokenizerPipeline
{
    private readonly INormalizer? _normalizer;
    private readonly IPreTokenizer _preTokenizer;
    private readonly AddedTokenMatcher _rawTokens;
    private readonly AddedTokenMatcher _normalizedTokens;
    private readonly Dictionary<int, AddedToken> _addedById;
    private readonly Dictionary<string, int> _addedIds;
    private readonly bool[] _special;

    public TokenizerPipeline(
        IReadOnlyList<AddedToken> addedTokens, INormalizer? normalizer, IPreTokenizer? preTokenizer, ITokenModel model, IPostProcessor? postProcessor, ITokenDecoder? decoder)
    {
        (AddedTokens, _normalizer, _preTokenizer, Model, PostProcessor, Decoder) = (addedTokens, normalizer, preTokenizer ?? throw new NotSupportedException(), model, postProcessor, decoder);
        _rawTokens = new AddedTokenMatcher(addedTokens.Where(token => !token.Normalized));
        _normalizedTokens = new AddedTokenMatcher(addedTokens.Where(token => token.Normalized));
        _addedById = addedTokens.ToDictionary(token => token.Id);
        _addedIds = addedTokens.ToDictionary(token => token.Content, token => token.Id);
        Size = Math.Max(model.LargestId, addedTokens.Count == 0 ? -1 : addedTokens.Max(token => token.Id)) + 1;
        _special = new bool[Size];
        foreach (var token in addedTokens) _special[token.Id] = token.Special;
    }

    public IReadOnlyList<AddedToken> AddedTokens { get; }

    public IPreTokenizer PreTokenizer => _preTokenizer;

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

    /// <summary>The id of a token, or null.</summary>
    public int? IdOf(string token) => _addedIds.TryGetValue(token, out var id) ? id : Model.IdOf(token);

    /// <summary>Whether an id is that of a special token.</summary>
    public bool IsSpecial(int id) => (uint)id < (uint)_special.Length && _special[id];

    /// <summary>Adds the ids of a text to a list, without special tokens around it.</summary>
    public void Encode(ReadOnlySpan<char> text, bool parseSpecialTokens, bool preTokenize, List<int> ids)
    {
        if (NothingToFind(parseSpecialTokens))
        {
            EncodeStretch(text, preTokenize, ids);
            return;
        }

        foreach (var segment in SegmentsOf(text, parseSpecialTokens))
        {
            if (segment.Id >= 0) ids.Add(segment.Id);
            else EncodeStretch(text[segment.Start..segment.End], preTokenize, ids);
        }
    }

    /// <summary>The tokens of a text with their places, before offsets are trimmed; stops once there are more than asked for.</summary>
    public List<DetailedToken> EncodeDetailed(ReadOnlySpan<char> text, bool parseSpecialTokens, bool preTokenize, int enough = int.MaxValue)
    {
        var tokens = new List<DetailedToken>();
        var word = 0;
        var segments = NothingToFind(parseSpecialTokens) ? [new TextSegment(0, text.Length, -1)] : SegmentsOf(text, parseSpecialTokens);
        foreach (var segment in segments)
        {
            if (tokens.Count > enough) break;
            if (segment.Id >= 0)
                tokens.Add(new DetailedToken(segment.Id, segment.Start, segment.End, word++, Text: text[segment.Start..segment.End].ToString()));
            else
                AddStretch(text[segment.Start..segment.End], segment.Start, preTokenize, ref word, tokens, enough);
        }

        return tokens;
    }

    /// <summary>The same parts with other added tokens.</summary>
    public TokenizerPipeline WithAddedTokens(IReadOnlyList<AddedToken> addedTokens) =>
        new(addedTokens, _normalizer, _preTokenizer, Model, PostProcessor, Decoder) { Truncation = Truncation, Padding = Padding };

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
        WritePart(output, "normalizer", _normalizer);
        WritePart(output, "pre_tokenizer", _preTokenizer);
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

    private bool NothingToFind(bool parseSpecialTokens) => parseSpecialTokens
        ? _rawTokens.IsEmpty && _normalizedTokens.IsEmpty
        : !_rawTokens.HasPlainTokens && !_normalizedTokens.HasPlainTokens;

    private List<TextSegment> SegmentsOf(ReadOnlySpan<char> text, bool parseSpecialTokens)
    {
        var raw = new List<TextSegment>();
        _rawTokens.Split(text, 0, text.Length, parseSpecialTokens, raw);
        if (_normalizedTokens.IsEmpty) return raw;

        var segments = new List<TextSegment>(raw.Count);
        foreach (var segment in raw)
        {
            if (segment.Id >= 0) segments.Add(segment);
            else _normalizedTokens.Split(text, segment.Start, segment.End, parseSpecialTokens, segments);
        }

        return segments;
    }

    private void EncodeStretch(ReadOnlySpan<char> text, bool preTokenize, List<int> ids)
    {
        if (text.IsEmpty) return;
        if (!preTokenize)
        {
            Model.Encode(text, ids);
            return;
        }

        using var stretch = new Stretch(text, _preTokenizer);
        var spaced = stretch.Text;
        var pieces = PieceList.Rent();
        _preTokenizer.Split(spaced, 0, spaced.Length, pieces);
        foreach (var (start, end) in pieces.Items) Model.Encode(spaced[start..end], ids);
        PieceList.Return(pieces);
    }

    private void AddStretch(ReadOnlySpan<char> text, int at, bool preTokenize, ref int word, List<DetailedToken> tokens, int enough)
    {
        if (text.IsEmpty) return;
        using var stretch = new Stretch(text, preTokenize ? _preTokenizer : null);
        var spaced = stretch.Text;
        var pieces = PieceList.Rent();
        if (preTokenize) _preTokenizer.Split(spaced, 0, spaced.Length, pieces);
        else pieces.Add(0, spaced.Length);

        var pieceTokens = new List<PieceToken>();
        foreach (var (start, end) in pieces.Items)
        {
            if (tokens.Count > enough) break;
            pieceTokens.Clear();
            Model.Encode(spaced[start..end], pieceTokens);
            foreach (var token in pieceTokens)
            {
                var (first, last) = (start + token.Start, start + token.End);
                tokens.Add(new DetailedToken(
                    token.Id, at + stretch.SourceStart(first), at + stretch.SourceEnd(last), word, 0, token.EndsInside || stretch.IsSpacePutIn(last)));
            }

            word++;
        }

        PieceList.Return(pieces);
    }

    /// <summary>A text with the space before it that the pre-tokenizer may want, and the way back to the places of the text.</summary>
    private readonly ref struct Stretch
    {
        private readonly char[]? _rented;
        private readonly int _firstCharacter;

        public Stretch(ReadOnlySpan<char> text, IPreTokenizer? preTokenizer)
        {
            Text = text;
            if (preTokenizer is null || !preTokenizer.WantsSpaceBefore(text)) return;
            _rented = ArrayPool<char>.Shared.Rent(text.Length + 1);
            _rented[0] = ' ';
            text.CopyTo(_rented.AsSpan(1));
            _firstCharacter = text.Length > 1 && char.IsSurrogatePair(text[0], text[1]) ? 2 : 1;
            Text = _rented.AsSpan(0, text.Length + 1);
        }

        public ReadOnlySpan<char> Text { get; }

        public int SourceStart(int position) => _rented is null ? position : Math.Max(position - 1, 0);

        // The space that was put in stands for the first character.
        public int SourceEnd(int position) => _rented is null ? position : Math.Max(position - 1, _firstCharacter);

        /// <summary>Whether a token that ends here is just the space that was put in, so that the first character is still to come.</summary>
        public bool IsSpacePutIn(int end) => _rented is not null && end == 1;

        public void Dispose()
        {
            if (_rented is not null) ArrayPool<char>.Shared.Return(_rented);
        }
    }
}
