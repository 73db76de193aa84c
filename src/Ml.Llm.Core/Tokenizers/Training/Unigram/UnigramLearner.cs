namespace Ml.Llm.Tokenization;

/// <summary>What the learning of a Unigram vocabulary needs to know.</summary>
internal sealed record UnigramLearning
{
    /// <summary>How many tokens there are at most, special ones included.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>The tokens with the first ids.</summary>
    public IReadOnlyList<string> SpecialTokens { get; init; } = [];

    /// <summary>The token for what no piece covers; put first where it is no special token.</summary>
    public string? UnknownToken { get; init; }

    /// <summary>Characters that are in the vocabulary whether they occur or not: the first of each text.</summary>
    public IReadOnlyList<string> InitialAlphabet { get; init; } = [];

    /// <summary>The share of pieces that each pruning leaves.</summary>
    public double ShrinkingFactor { get; init; } = 0.75;

    /// <summary>How often the scores are estimated anew between prunings.</summary>
    public int SubIterations { get; init; } = 2;

    /// <summary>No piece has more characters.</summary>
    public int MaxPieceLength { get; init; } = 16;

    /// <summary>How many pieces there are at first, at most.</summary>
    public int SeedSize { get; init; } = 1_000_000;

    /// <summary>How many threads work; the result does not depend on it.</summary>
    public int Threads { get; init; } = 1;
}

/// <summary>A Unigram vocabulary: tokens with their scores by id, and the id of the unknown one.</summary>
internal sealed record LearnedPieces(IReadOnlyList<(string Token, double Score)> Tokens, int? UnknownId);

/// <summary>
/// Learns a Unigram vocabulary: many pieces at first; again and again their probabilities are estimated by expectation
/// maximization, and the pieces that are missed least are taken out, until few enough are left.
/// </summary>
/// <remarks>Kudo: Subword Regularization, ACL 2018; the constants are those of Hugging Face's UnigramTrainer.</remarks>
/// <threadsafety>Belongs to one call.</threadsafety>
internal sealed class UnigramLearner(UnigramLearning options, Action<double>? progress, CancellationToken cancellationToken)
{
    /// <summary>A piece that is expected less often is dropped.</summary>
    private const double LeastExpected = 0.5;

    /// <summary>The distance between the scores of characters that were dropped and must stay.</summary>
    private const double FloorStep = 0.0001;

    /// <summary>Learns from counted words.</summary>
    /// <exception cref="ArgumentException">The vocabulary has no room for the characters of the words.</exception>
    public LearnedPieces Learn(WordTable words)
    {
        var sentences = new Sentences(words);
        var required = RequiredCharacters(sentences, options.VocabularySize);
        cancellationToken.ThrowIfCancellationRequested();
        var seeds = new SeedPieces(sentences, options.MaxPieceLength, options.SeedSize);
        cancellationToken.ThrowIfCancellationRequested();

        var enough = (int)(options.VocabularySize * 11L / 10);
        var pieces = new PieceSet(sentences, seeds, Enumerable.Range(0, seeds.Count).Select(seed => (seed, seeds.Scores[seed])).ToList());
        var step = new ExpectationStep(sentences, seeds.LongestPiece, options.Threads);
        double total = sentences.Counts.Sum();
        var first = pieces.Count;
        while (true)
        {
            var before = pieces.Count;
            for (var i = 0; i < options.SubIterations; i++) pieces = Estimate(sentences, seeds, pieces, step.Expect(pieces, cancellationToken));
            progress?.Invoke(first <= enough ? 1 : Math.Clamp(Math.Log((double)first / pieces.Count) / Math.Log((double)first / enough), 0, 1));
            if (pieces.Count <= enough) break;

            var kept = Math.Max(enough, (int)(pieces.Count * options.ShrinkingFactor));
            var stay = PiecePruning.Prune(pieces, step.CountBest(pieces, cancellationToken), total, kept, options.Threads, cancellationToken);
            if (stay.Count + 1 == pieces.Count && pieces.Count == before) break;   // Nothing more can go.
            pieces = new PieceSet(sentences, seeds, stay.ConvertAll(piece => (pieces.SeedOf(piece), pieces.Scores[piece])));
        }

        progress?.Invoke(1);
        return Finish(pieces, required);
    }

    /// <summary>The derivative of the logarithm of the gamma function, by its asymptotic series about x - 1/2.</summary>
    internal static double Digamma(double x)
    {
        var result = 0.0;
        for (; x < 7; x++) result -= 1 / x;
        x -= 0.5;
        var square = 1 / (x * x);
        return result + Math.Log(x) + (square * ((1.0 / 24) - (square * ((7.0 / 960) - (square * ((31.0 / 8064) - (square * (127.0 / 30720))))))));
    }

    /// <summary>The scores that make the expected counts likely; a sparse prior, as of a Dirichlet process, lowers those of rare pieces.</summary>
    private static PieceSet Estimate(Sentences sentences, SeedPieces seeds, PieceSet pieces, double[] expected)
    {
        var sum = 0.0;
        var stay = new List<int>();
        for (var piece = 1; piece < pieces.Count; piece++)
        {
            if (expected[piece] < LeastExpected) continue;
            stay.Add(piece);
            sum += expected[piece];
        }

        if (stay.Count == 0) return pieces;
        var logarithm = Digamma(sum);
        return new PieceSet(sentences, seeds, stay.ConvertAll(piece => (pieces.SeedOf(piece), Digamma(expected[piece]) - logarithm)));
    }

    private List<string> RequiredCharacters(Sentences sentences, int vocabularySize)
    {
        var required = sentences.Characters.Concat(options.InitialAlphabet.Select(text => char.ConvertToUtf32(text, 0)))
            .Distinct().Order().Select(char.ConvertFromUtf32).ToList();
        var special = SpecialCount;
        if (required.Count + special <= vocabularySize) return required;
        throw new ArgumentException(
            $"A vocabulary of {vocabularySize} is too small: {required.Count} different characters in the texts and the initial alphabet, and "
            + $"{special} special tokens, make {required.Count + special}. Ask for more, or make texts plainer with a normalizer.",
            nameof(vocabularySize));
    }

    private bool AddsUnknown => options.UnknownToken is { } unknown && !options.SpecialTokens.Contains(unknown);

    private int SpecialCount => options.SpecialTokens.Count + (AddsUnknown ? 1 : 0);

    /// <summary>Special tokens, then the pieces by score; characters that were dropped come back with the lowest scores, by code point.</summary>
    private LearnedPieces Finish(PieceSet pieces, List<string> required)
    {
        var all = Enumerable.Range(1, pieces.Count - 1).Select(piece => (Token: pieces.Spell(piece), Score: pieces.Scores[piece])).ToList();
        var scores = all.ToDictionary(piece => piece.Token, piece => piece.Score);
        var dropped = 0;
        var tokens = required.ConvertAll(character =>
            (Token: character, Score: scores.TryGetValue(character, out var score) ? score : pieces.LowestScore + (FloorStep * dropped++)));
        var isRequired = required.ToHashSet();
        tokens.AddRange(all.Where(piece => !isRequired.Contains(piece.Token)).Take(options.VocabularySize - SpecialCount - required.Count));

        // The order among equal scores is that of the list.
        var special = (AddsUnknown ? [options.UnknownToken!, .. options.SpecialTokens] : options.SpecialTokens).Select(token => (token, 0.0)).ToList();
        var unknownId = options.UnknownToken is { } unknown ? (int?)special.FindIndex(token => token.token == unknown) : null;
        return new LearnedPieces([.. special, .. tokens.OrderByDescending(token => token.Score)], unknownId);
    }
}
