namespace Ml.Llm.Tokenization;

/// <summary>How a Unigram model draws one of the ways to write a text, so that a model sees each word in several ways.</summary>
/// <remarks>
/// Each text draws from a generator of its own, seeded by the number of the text: one thread always gives the same tokens, several
/// give the same ones as far as they take the texts in the same order.
/// </remarks>
/// <param name="Alpha">The power that probabilities are raised to: 1 draws by them, smaller ones more evenly; 0: nothing is drawn.</param>
/// <param name="NBest">Draws among this many most likely ways; 0 or less: among all.</param>
/// <param name="Seed">What the random numbers begin with.</param>
internal sealed record UnigramSampling(double Alpha, int NBest = 0, ulong Seed = 0)
{
    /// <summary>The most ways that can be asked for.</summary>
    public const int MostBest = 512;

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Alpha is negative or not finite, or there are too many best ways.</exception>
    public void Validate()
    {
        if (!double.IsFinite(Alpha) || Alpha < 0) throw new ArgumentOutOfRangeException(nameof(Alpha), Alpha, "Alpha must be finite and not negative.");
        ArgumentOutOfRangeException.ThrowIfGreaterThan(NBest, MostBest);
    }
}
