namespace Ml.Llm.Tokenization;

/// <summary>
/// Takes out the pieces that are missed least: the loss of one is how much less likely the words become when its
/// occurrences are cut into the best smaller pieces.
/// </summary>
/// <remarks>Kudo: Subword Regularization, ACL 2018, section 3.2; the estimate and the exceptions are those of SentencePiece and Hugging Face.</remarks>
/// <threadsafety>Pure functions.</threadsafety>
internal static class PiecePruning
{
    private const int PortionSize = 1 << 12;

    /// <summary>The pieces that stay, in their new order: those that must stay, then the others by their loss.</summary>
    /// <param name="pieces">The pieces.</param>
    /// <param name="counts">How often each is used on the best way through the words.</param>
    /// <param name="words">How many words there are, each as often as it occurs.</param>
    /// <param name="kept">How many pieces, the unknown one included, are to stay.</param>
    /// <param name="threads">How many threads work.</param>
    /// <param name="cancellationToken">Stops.</param>
    public static List<int> Prune(PieceSet pieces, long[] counts, double words, int kept, int threads, CancellationToken cancellationToken)
    {
        var losses = new double[pieces.Count];
        double sum = counts.Sum();
        var work = new OrderedWork<(WordLattice Lattice, List<int> Parts)>(
            (state, portion) =>
            {
                var end = Math.Min(pieces.Count, (portion + 1) * PortionSize);
                for (var piece = Math.Max(1, portion * PortionSize); piece < end; piece++)
                    losses[piece] = LossOf(pieces, piece, counts, sum, words, state.Lattice, state.Parts);
            },
            static _ => { });
        var states = Enumerable.Range(0, threads).Select(_ => (new WordLattice(pieces.MaxPieceLength), new List<int>())).ToList();
        work.Run((pieces.Count + PortionSize - 1) / PortionSize, states, cancellationToken);

        var stay = Enumerable.Range(1, pieces.Count - 1).Where(piece => double.IsPositiveInfinity(losses[piece])).ToList();
        var candidates = Enumerable.Range(1, pieces.Count - 1).Where(piece => double.IsFinite(losses[piece])).ToList();
        candidates.Sort((a, b) => losses[a] != losses[b] ? losses[b].CompareTo(losses[a]) : a.CompareTo(b));
        stay.AddRange(candidates.Take(Math.Max(0, kept - 1 - stay.Count)));
        return stay;
    }

    /// <summary>What is lost without a piece: positive infinity where it must stay, negative where nothing is.</summary>
    private static double LossOf(PieceSet pieces, int piece, long[] counts, double sum, double words, WordLattice lattice, List<int> parts)
    {
        // A single character has no parts; a piece that is cut itself is not missed, and not used either.
        var symbols = pieces.SymbolsOf(piece);
        var replaceable = symbols.Length > 1 && lattice.FindParts(pieces, symbols, parts) <= pieces.Scores[piece];
        if (!replaceable) return counts[piece] > 0 || symbols.Length == 1 ? double.PositiveInfinity : double.NegativeInfinity;
        if (counts[piece] == 0) return double.NegativeInfinity;

        // Without the piece each of its parts occurs that much more often. The new sum would grow by one count for each part
        // but one; Hugging Face takes one for each piece of the whole vocabulary but one, and so do we, to choose the same.
        double count = counts[piece];
        var logarithm = Math.Log(count) - Math.Log(sum);
        var sumOfParts = Math.Log(sum + (count * (pieces.Count - 1)));
        var logarithmOfParts = 0.0;
        for (var i = parts.Count - 1; i >= 0; i--) logarithmOfParts += Math.Log(counts[parts[i]] + count) - sumOfParts;
        return count / words * (logarithm - logarithmOfParts);
    }
}
