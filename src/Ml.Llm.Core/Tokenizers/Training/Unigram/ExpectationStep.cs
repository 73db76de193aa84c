namespace Ml.Llm.Tokenization;

/// <summary>How often each piece is expected, or is on the best way, over all words; in parallel, with sums in a fixed order.</summary>
/// <threadsafety>Belongs to one call.</threadsafety>
internal sealed class ExpectationStep
{
    /// <summary>Words are summed up in so many portions, whatever the number of threads.</summary>
    private const int MostPortions = 32;
    private const int SmallestPortion = 1 << 12;

    private readonly Sentences _sentences;
    private readonly int[] _firstWords;   // by portion, and the end
    private readonly WordLattice[] _lattices;

    /// <summary>Divides the words.</summary>
    public ExpectationStep(Sentences sentences, int maxPieceLength, int threads)
    {
        _sentences = sentences;
        _lattices = new WordLattice[threads];
        for (var i = 0; i < threads; i++) _lattices[i] = new WordLattice(maxPieceLength);

        var portions = Math.Clamp(sentences.Text.Length / SmallestPortion, 1, MostPortions);
        _firstWords = new int[portions + 1];
        var word = 0;
        for (var portion = 1; portion < portions; portion++)
        {
            var place = (long)sentences.Text.Length * portion / portions;
            while (word < sentences.Count && sentences.Starts[word] < place) word++;
            _firstWords[portion] = word;
        }

        _firstWords[portions] = sentences.Count;
    }

    /// <summary>How often each piece is expected over all ways to cut the words.</summary>
    public double[] Expect(PieceSet pieces, CancellationToken cancellationToken)
    {
        var total = new double[pieces.Count];
        var work = new OrderedWork<(WordLattice Lattice, double[] Sums)>(
            (state, portion) =>
            {
                for (var word = _firstWords[portion]; word < _firstWords[portion + 1]; word++)
                    state.Lattice.AddExpected(pieces, SymbolsOf(word), _sentences.Counts[word], state.Sums);
            },
            state =>
            {
                for (var i = 0; i < total.Length; i++) total[i] += state.Sums[i];
                Array.Clear(state.Sums);
            });
        work.Run(_firstWords.Length - 1, [.. _lattices.Select(lattice => (lattice, new double[pieces.Count]))], cancellationToken);
        return total;
    }

    /// <summary>How often each piece is used when each word is cut in the best way.</summary>
    public long[] CountBest(PieceSet pieces, CancellationToken cancellationToken)
    {
        var total = new long[pieces.Count];
        var work = new OrderedWork<(WordLattice Lattice, long[] Sums)>(
            (state, portion) =>
            {
                for (var word = _firstWords[portion]; word < _firstWords[portion + 1]; word++)
                    state.Lattice.CountBest(pieces, SymbolsOf(word), _sentences.Counts[word], state.Sums);
            },
            state =>
            {
                for (var i = 0; i < total.Length; i++) total[i] += state.Sums[i];
                Array.Clear(state.Sums);
            });
        work.Run(_firstWords.Length - 1, [.. _lattices.Select(lattice => (lattice, new long[pieces.Count]))], cancellationToken);
        return total;
    }

    private ReadOnlySpan<int> SymbolsOf(int word) => _sentences.Text.AsSpan(_sentences.Starts[word], _sentences.EndOf(word) - _sentences.Starts[word]);
}
