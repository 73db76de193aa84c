namespace Ml.Llm.Tokenization;

/// <summary>The way of a text to its tokens, which is one whether ids alone are wanted or places too.</summary>
internal sealed partial class TokenizerPipeline
{
    /// <summary>Takes what is found in a text, in order.</summary>
    private interface ITokenSink
    {
        /// <summary>Whether places in the original text are wanted.</summary>
        bool WantsPlaces { get; }

        /// <summary>Whether there is enough.</summary>
        bool IsFull { get; }

        /// <summary>Takes an added token that lies at [start, end) of the original, where it is spelled like this.</summary>
        void AddToken(int id, int start, int end, ReadOnlySpan<char> spelling);

        /// <summary>Takes a piece for the model.</summary>
        void AddPiece(AlignedText text, int start, int end);
    }

    /// <summary>Adds the ids of a text to a list, without special tokens around it: the fast way.</summary>
    /// <param name="text">The text.</param>
    /// <param name="parseSpecialTokens">Whether the text of a special token is that token.</param>
    /// <param name="preTokenize">Whether the text is split; else each stretch between added tokens is one piece.</param>
    /// <param name="ids">The list.</param>
    /// <param name="normalize">Whether the text is normalized; else it is taken as if it were.</param>
    public void Encode(ReadOnlySpan<char> text, bool parseSpecialTokens, bool preTokenize, List<int> ids, bool normalize = true)
    {
        var buffers = EncodingBuffers.Rent();
        var sink = new IdSink(Model, ids);
        Walk(text, new Steps(parseSpecialTokens, normalize, preTokenize), buffers, ref sink);
        buffers.Return();
    }

    /// <summary>The tokens of a text with their places, before offsets are trimmed, in a list of just their size.</summary>
    /// <param name="text">The text.</param>
    /// <param name="parseSpecialTokens">Whether the text of a special token is that token.</param>
    /// <param name="preTokenize">Whether the text is split; else each stretch between added tokens is one piece.</param>
    /// <param name="enough">Stops once there are more tokens than this.</param>
    /// <param name="normalize">Whether the text is normalized; else it is taken as if it were.</param>
    public List<DetailedToken> EncodeDetailed(
        ReadOnlySpan<char> text, bool parseSpecialTokens, bool preTokenize, int enough = int.MaxValue, bool normalize = true)
    {
        var buffers = EncodingBuffers.Rent();
        var sink = new DetailSink(Model, buffers.PieceTokens, buffers.Tokens, enough);
        Walk(text, new Steps(parseSpecialTokens, normalize, preTokenize), buffers, ref sink);
        var tokens = new List<DetailedToken>(buffers.Tokens);
        buffers.Return();
        return tokens;
    }

    private void Walk<TSink>(ReadOnlySpan<char> text, Steps steps, EncodingBuffers buffers, ref TSink sink)
        where TSink : struct, ITokenSink
    {
        if (!_rawTokens.MayFind(steps.ParseSpecialTokens))
        {
            WalkStretch(text, 0, steps, buffers, ref sink);
            return;
        }

        _rawTokens.Split(text, steps.ParseSpecialTokens, buffers.Places, buffers.Segments);
        foreach (var segment in buffers.Segments)
        {
            if (sink.IsFull) return;
            var stretch = text[segment.Start..segment.End];
            if (segment.Id >= 0) sink.AddToken(segment.Id, segment.Start, segment.End, stretch);
            else WalkStretch(stretch, segment.Start, steps, buffers, ref sink);
        }
    }

    // A stretch between added tokens of the raw text: normalized by itself, and searched for normalized tokens.
    private void WalkStretch<TSink>(ReadOnlySpan<char> stretch, int at, Steps steps, EncodingBuffers buffers, ref TSink sink)
        where TSink : struct, ITokenSink
    {
        if (stretch.IsEmpty) return;
        var text = buffers.Text;
        text.Load(stretch, at, sink.WantsPlaces);
        if (steps.Normalize) Normalizer?.Normalize(text);
        if (!_normalizedTokens.MayFind(steps.ParseSpecialTokens))
        {
            WalkPieces(text, steps, buffers, ref sink);
            return;
        }

        buffers.NormalizedSegments.Clear();
        _normalizedTokens.Split(text.Units, steps.ParseSpecialTokens, buffers.Places, buffers.NormalizedSegments);
        foreach (var (start, end, id) in buffers.NormalizedSegments)
        {
            if (sink.IsFull) return;
            if (id >= 0)
            {
                var (from, to) = sink.WantsPlaces ? (text.StartOf(start), text.EndOf(end - 1)) : (0, 0);
                sink.AddToken(id, from, to, text.Units[start..end]);
            }
            else if (end - start == text.Length)
            {
                WalkPieces(text, steps, buffers, ref sink);
            }
            else
            {
                buffers.Part.Load(text, start, end);
                WalkPieces(buffers.Part, steps, buffers, ref sink);
            }
        }
    }

    private void WalkPieces<TSink>(AlignedText text, Steps steps, EncodingBuffers buffers, ref TSink sink)
        where TSink : struct, ITokenSink
    {
        var pieces = buffers.Pieces;
        pieces.Begin(0, text.Length);
        if (steps.PreTokenize) _splitter?.Split(text, pieces);
        foreach (var (start, end) in pieces.Items)
        {
            if (sink.IsFull) return;
            sink.AddPiece(text, start, end);
        }
    }

    /// <summary>Which steps are taken.</summary>
    private readonly record struct Steps(bool ParseSpecialTokens, bool Normalize, bool PreTokenize);

    /// <summary>Takes ids alone.</summary>
    private readonly struct IdSink(ITokenModel model, List<int> ids) : ITokenSink
    {
        public bool WantsPlaces => false;

        public bool IsFull => false;

        public void AddToken(int id, int start, int end, ReadOnlySpan<char> spelling) => ids.Add(id);

        public void AddPiece(AlignedText text, int start, int end) => model.Encode(text.Units[start..end], ids);
    }

    /// <summary>Takes tokens with their places and the numbers of their words.</summary>
    private struct DetailSink(ITokenModel model, List<PieceToken> pieceTokens, List<DetailedToken> tokens, int enough) : ITokenSink
    {
        private int _word;

        public readonly bool WantsPlaces => true;

        public readonly bool IsFull => tokens.Count > enough;

        public void AddToken(int id, int start, int end, ReadOnlySpan<char> spelling) =>
            tokens.Add(new DetailedToken(id, start, end, _word++, Text: spelling.ToString()));

        public void AddPiece(AlignedText text, int start, int end)
        {
            pieceTokens.Clear();
            model.Encode(text.Units[start..end], pieceTokens);
            foreach (var token in pieceTokens)
            {
                var (first, last) = (start + token.Start, start + token.End);
                var from = text.StartOf(first);
                tokens.Add(new DetailedToken(
                    token.Id,
                    from,
                    last > first ? text.EndOf(last - 1) : from,
                    _word,
                    EndsInside: token.EndsInside || text.IsInsideCharacter(last),
                    Text: token.IsSpelledAsText ? text.Units[first..last].ToString() : null));
            }

            _word++;
        }
    }
}
