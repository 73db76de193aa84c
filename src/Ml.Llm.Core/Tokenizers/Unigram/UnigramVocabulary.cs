namespace Ml.Llm.Tokenization;

/// <summary>The options of a Unigram model in tokenizer.json.</summary>
/// <param name="UnknownId">The id of the token for what is not in the vocabulary; null: there is none.</param>
/// <param name="FallsBackToBytes">Whether unknown text becomes the tokens <c>&lt;0x00&gt;</c> to <c>&lt;0xFF&gt;</c> of its bytes, where all are in the vocabulary.</param>
internal sealed record UnigramModelOptions(int? UnknownId = null, bool FallsBackToBytes = false);

/// <summary>The pieces of a Unigram model and their scores; a piece's id is its place. Of equal pieces the last counts.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class UnigramVocabulary
{
    /// <summary>How much less likely an unknown character is than the least likely piece.</summary>
    private const double UnknownPenalty = 10;

    private readonly IReadOnlyList<(string Piece, double Score)> _pieces;
    private readonly Dictionary<string, int> _ids;
    private readonly double[] _scores;

    /// <summary>Makes a vocabulary.</summary>
    /// <param name="pieces">The pieces and their scores, logarithms of probabilities.</param>
    /// <param name="options">The options.</param>
    /// <exception cref="ArgumentException">There is no piece, a score is not finite, or the unknown id is that of no piece.</exception>
    public UnigramVocabulary(IReadOnlyList<(string Piece, double Score)> pieces, UnigramModelOptions options)
    {
        if (pieces.Count == 0) throw new ArgumentException("The vocabulary of a Unigram model needs at least one piece.", nameof(pieces));
        if (options.UnknownId is { } unknown && (uint)unknown >= (uint)pieces.Count)
            throw new ArgumentOutOfRangeException(nameof(options), unknown, $"The unknown id must be that of one of the {pieces.Count} pieces.");

        (_pieces, Options) = (pieces, options);
        _ids = new Dictionary<string, int>(pieces.Count);
        _scores = new double[pieces.Count];
        var least = double.PositiveInfinity;
        for (var id = 0; id < pieces.Count; id++)
        {
            var (piece, score) = pieces[id];
            if (!double.IsFinite(score)) throw new ArgumentException($"The score of the piece \"{piece}\" must be finite, but is {score}.", nameof(pieces));
            _ids[piece] = id;
            _scores[id] = score;
            least = Math.Min(least, score);
        }

        UnknownScore = least - UnknownPenalty;
        Trie = ByteTrie.Of(_ids);
        ByteIds = options.FallsBackToBytes ? UnknownTokens.IdsOfBytes(IdOf) : null;
    }

    /// <summary>The options.</summary>
    public UnigramModelOptions Options { get; }

    /// <summary>The pieces by their UTF-8 bytes.</summary>
    public ByteTrie Trie { get; }

    /// <summary>The score of an unknown character.</summary>
    public double UnknownScore { get; }

    /// <summary>The ids of the byte pieces, -1 where there is none; null where the model does without.</summary>
    public int[]? ByteIds { get; }

    /// <summary>How many pieces there are.</summary>
    public int Count => _pieces.Count;

    /// <summary>The scores by id.</summary>
    public ReadOnlySpan<double> Scores => _scores;

    /// <summary>The pieces and their scores.</summary>
    public IReadOnlyList<(string Piece, double Score)> Pieces => _pieces;

    /// <summary>The id of a piece, or null.</summary>
    public int? IdOf(string piece) => _ids.TryGetValue(piece, out var id) ? id : null;

    /// <summary>The piece of an id, or null.</summary>
    public string? PieceOf(int id) => (uint)id < (uint)_pieces.Count ? _pieces[id].Piece : null;

    /// <summary>Writes the model.</summary>
    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "Unigram");
        if (Options.UnknownId is { } unknown) output.Integer("unk_id", unknown);
        else output.Null("unk_id");
        output.Name("vocab");
        output.BeginArray();
        foreach (var (piece, score) in _pieces)
        {
            output.BeginArray();
            output.Text(piece);
            output.Literal(JsonNumber.TextOf(score));
            output.EndArray();
        }

        output.EndArray();
        output.Truth("byte_fallback", Options.FallsBackToBytes);
        output.EndObject();
    }
}
