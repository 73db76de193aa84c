namespace Ml.Llm.Tokenization;

/// <summary>
/// The pieces at one moment of the training, with their scores. Number 0 is the unknown piece, which has no text and stands
/// for one character that no piece covers.
/// </summary>
/// <threadsafety>Immutable once built.</threadsafety>
internal sealed class PieceSet
{
    /// <summary>The number of the unknown piece.</summary>
    public const int Unknown = 0;

    /// <summary>How much less an unknown character scores than the worst piece.</summary>
    private const double UnknownPenalty = 10;

    private readonly Sentences _sentences;
    private readonly SeedPieces _seeds;
    private readonly int[] _seedOf;

    /// <summary>Makes the set of some seeds.</summary>
    /// <param name="sentences">The words.</param>
    /// <param name="seeds">The seeds.</param>
    /// <param name="pieces">The seed and score of each piece, in order.</param>
    public PieceSet(Sentences sentences, SeedPieces seeds, IReadOnlyList<(int Seed, double Score)> pieces)
    {
        (_sentences, _seeds) = (sentences, seeds);
        _seedOf = new int[pieces.Count + 1];
        Scores = new double[pieces.Count + 1];
        var pieceOf = new int[seeds.Count];
        LowestScore = pieces.Count == 0 ? 0 : double.PositiveInfinity;
        for (var i = 0; i < pieces.Count; i++)
        {
            (_seedOf[i + 1], Scores[i + 1]) = pieces[i];
            pieceOf[pieces[i].Seed] = i + 1;
            LowestScore = Math.Min(LowestScore, pieces[i].Score);
        }

        Scores[Unknown] = LowestScore - UnknownPenalty;
        var inOrder = new (int, int, int)[pieces.Count];
        var count = 0;
        foreach (var seed in seeds.InOrder)
        {
            if (pieceOf[seed] > 0) inOrder[count++] = (seeds.StartOf(seed), seeds.LengthOf(seed), pieceOf[seed]);
        }

        Trie = new PieceTrie(sentences.Text, sentences.SymbolCount, inOrder);
        Probabilities = Array.ConvertAll(Scores, Math.Exp);
    }

    /// <summary>How many pieces there are, the unknown one included.</summary>
    public int Count => Scores.Length;

    /// <summary>The logarithm of each piece's probability.</summary>
    public double[] Scores { get; }

    /// <summary>The probability of each piece.</summary>
    public double[] Probabilities { get; }

    /// <summary>The lowest score of a piece with a text.</summary>
    public double LowestScore { get; }

    /// <summary>The pieces by their texts.</summary>
    public PieceTrie Trie { get; }

    /// <summary>No piece is longer.</summary>
    public int MaxPieceLength => _seeds.LongestPiece;

    /// <summary>The seed that a piece was.</summary>
    public int SeedOf(int piece) => _seedOf[piece];

    /// <summary>The symbols of a piece.</summary>
    public ReadOnlySpan<int> SymbolsOf(int piece) => _sentences.Text.AsSpan(_seeds.StartOf(_seedOf[piece]), _seeds.LengthOf(_seedOf[piece]));

    /// <summary>The text of a piece.</summary>
    public string Spell(int piece) => _sentences.Spell(_seeds.StartOf(_seedOf[piece]), _seeds.LengthOf(_seedOf[piece]));

    /// <summary>The pieces that begin a text, the shortest first; one for its first character is always among them.</summary>
    public int Match(ReadOnlySpan<int> text, Span<PieceEdge> edges)
    {
        var count = Trie.Match(text, edges);
        if (count > 0 && edges[0].Length == 1) return count;
        edges[count] = new PieceEdge(1, Unknown);
        return count + 1;
    }
}
