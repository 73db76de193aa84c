namespace Ml.Llm.Tokenization;

/// <summary>
/// All ways to cut one word into pieces: how often each piece is expected over all of them, and which one is the best.
/// </summary>
/// <remarks>
/// Probabilities are multiplied as they are, not as logarithms, and lifted by powers of <see cref="Lift"/> together with all
/// that lie within a piece's length whenever they get too small: one multiplication and addition a piece and place. Words of
/// usual length keep the pieces of all places; for long ones they are looked up again on the way back, so that memory is a
/// few numbers a character.
/// </remarks>
/// <threadsafety>Belongs to one thread.</threadsafety>
internal sealed class WordLattice
{
    private const double Lift = 1e100;
    private const double TooSmall = 1e-100;
    private const int KeptLength = 1 << 10;

    private readonly PieceEdge[] _scratch;
    private readonly int[] _firstEdges = new int[KeptLength + 1];
    private PieceEdge[] _edges = new PieceEdge[256];
    private double[] _before = new double[64];   // by place: of all ways to get there
    private double[] _behind = new double[64];   // by place: of all ways from there to the end
    private int[] _lifts = new int[64];          // by place: how often the first was lifted
    private int[] _from = new int[64];           // by place: where the best way's last piece begins
    private int[] _pieces = new int[64];         // by place: which that is

    /// <summary>Makes room for pieces of a length.</summary>
    public WordLattice(int maxPieceLength) => _scratch = new PieceEdge[maxPieceLength + 1];

    /// <summary>Adds to each piece how often it is expected in a word.</summary>
    public void AddExpected(PieceSet pieces, ReadOnlySpan<int> word, double count, double[] expected)
    {
        MakeRoom(word.Length);
        var kept = word.Length <= KeptLength;
        GoForward(pieces, word, kept);

        var (all, allLifts) = (_before[word.Length], _lifts[word.Length]);
        var lifts = 0;
        _behind[word.Length] = 1;
        for (var place = word.Length - 1; place >= 0; place--)
        {
            var edges = kept ? _edges.AsSpan(_firstEdges[place].._firstEdges[place + 1]) : Match(pieces, word[place..]);
            var share = count * (_before[place] / all);
            for (var excess = allLifts - _lifts[place] - lifts; excess != 0; excess -= Math.Sign(excess)) share *= excess > 0 ? Lift : TooSmall;

            var sum = 0.0;
            foreach (var edge in edges)
            {
                var behind = pieces.Probabilities[edge.Piece] * _behind[place + edge.Length];
                expected[edge.Piece] += share * behind;
                sum += behind;
            }

            _behind[place] = sum;
            if (sum < TooSmall) lifts += LiftAll(_behind.AsSpan(place, Math.Min(pieces.MaxPieceLength, word.Length + 1 - place)));
        }
    }

    /// <summary>Finds the best way and adds to each of its pieces how often the word occurs.</summary>
    public void CountBest(PieceSet pieces, ReadOnlySpan<int> word, long count, long[] counts)
    {
        FindBest(pieces, word, word.Length + 1);
        for (var place = word.Length; place > 0; place = _from[place]) counts[_pieces[place]] += count;
    }

    /// <summary>The best way to cut a piece into smaller ones, and its score.</summary>
    /// <param name="pieces">The pieces.</param>
    /// <param name="word">The piece's symbols, at least two.</param>
    /// <param name="parts">Takes the numbers of the smaller pieces, the last one first.</param>
    public double FindParts(PieceSet pieces, ReadOnlySpan<int> word, List<int> parts)
    {
        var score = FindBest(pieces, word, word.Length);
        parts.Clear();
        for (var place = word.Length; place > 0; place = _from[place]) parts.Add(_pieces[place]);
        return score;
    }

    private static int LiftAll(Span<double> values)
    {
        var lifts = 0;
        while (!values.ContainsAnyExceptInRange(0, TooSmall) && values.ContainsAnyExceptInRange(0, 0))
        {
            foreach (ref var value in values) value *= Lift;
            lifts++;
        }

        return lifts;
    }

    private void GoForward(PieceSet pieces, ReadOnlySpan<int> word, bool kept)
    {
        Array.Clear(_before, 0, word.Length + 1);
        _before[0] = 1;
        var (lifts, edgeCount) = (0, 0);
        for (var place = 0; place <= word.Length; place++)
        {
            if (_before[place] < TooSmall) lifts += LiftAll(_before.AsSpan(place, Math.Min(pieces.MaxPieceLength, word.Length + 1 - place)));
            _lifts[place] = lifts;
            if (kept) _firstEdges[place] = edgeCount;
            if (place == word.Length) break;

            var edges = Match(pieces, word[place..]);
            var until = _before[place];
            foreach (var edge in edges) _before[place + edge.Length] += until * pieces.Probabilities[edge.Piece];
            if (!kept) continue;
            if (edgeCount + edges.Length > _edges.Length) Array.Resize(ref _edges, Math.Max(edgeCount + edges.Length, 2 * _edges.Length));
            edges.CopyTo(_edges.AsSpan(edgeCount));
            edgeCount += edges.Length;
        }
    }

    /// <summary>Finds the best way of pieces shorter than a limit; of equally good ones that with the longer piece at its end.</summary>
    private double FindBest(PieceSet pieces, ReadOnlySpan<int> word, int lengthLimit)
    {
        MakeRoom(word.Length);
        var best = _before;
        best.AsSpan(1, word.Length).Fill(double.NegativeInfinity);
        best[0] = 0;
        for (var place = 0; place < word.Length; place++)
        {
            foreach (var edge in Match(pieces, word[place..]))
            {
                var score = best[place] + pieces.Scores[edge.Piece];
                var end = place + edge.Length;
                if (edge.Length >= lengthLimit || score <= best[end]) continue;
                (best[end], _from[end], _pieces[end]) = (score, place, edge.Piece);
            }
        }

        return best[word.Length];
    }

    private Span<PieceEdge> Match(PieceSet pieces, ReadOnlySpan<int> text) => _scratch.AsSpan(0, pieces.Match(text, _scratch));

    private void MakeRoom(int length)
    {
        if (length < _before.Length) return;
        var size = Math.Max(length + 1, 2 * _before.Length);
        (_before, _behind, _lifts, _from, _pieces) = (new double[size], new double[size], new int[size], new int[size], new int[size]);
    }
}
