using Ml.Llm.Tokenization;

namespace Ml.Llm;

/// <summary>How a tokenizer draws one of the ways to write a text as tokens, so that a model in training meets each word in several ways.</summary>
/// <remarks>
/// BPE leaves merges out (Provilkov, Emelianenko, Voita: BPE-Dropout, ACL 2020); Unigram draws by probabilities (Kudo: Subword
/// Regularization, ACL 2018). One thread draws the same ways for the same seed and texts; several threads share the sequence of
/// draws, so that which text gets which draw depends on their order.
/// </remarks>
/// <threadsafety>Immutable.</threadsafety>
public sealed record SubwordSamplingOptions
{
    /// <summary>For BPE: how likely each merge is left out, from 0 (never) to 1 (single characters). Default 0.1.</summary>
    public float Dropout { get; init; } = 0.1f;

    /// <summary>
    /// For Unigram: the power that the probabilities of the ways are raised to; 1 draws by them, smaller ones more evenly, 0 draws
    /// nothing and takes the most likely way. Default 0.1.
    /// </summary>
    public double Alpha { get; init; } = 0.1;

    /// <summary>For Unigram: draws among this many most likely ways, at most 512; null: among all. Default null.</summary>
    public int? NBestSize { get; init; }

    /// <summary>What the random numbers begin with. Default 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public void Validate()
    {
        if (Dropout is not (>= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(Dropout), Dropout, "The dropout must lie between 0 and 1.");
        if (!double.IsFinite(Alpha) || Alpha < 0) throw new ArgumentOutOfRangeException(nameof(Alpha), Alpha, "Alpha must be finite and not negative.");
        if (NBestSize is not (null or (>= 1 and <= UnigramSampling.MostBest)))
            throw new ArgumentOutOfRangeException(nameof(NBestSize), NBestSize, $"The number of best ways must lie between 1 and {UnigramSampling.MostBest}.");
    }
}
