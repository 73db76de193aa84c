namespace Ml.Llm.Tokenization;

/// <summary>The options of a BPE model in tokenizer.json.</summary>
/// <param name="UnknownToken">The token for what is not in the vocabulary; null: it vanishes.</param>
/// <param name="FusesUnknown">Whether neighbouring unknown characters become one token.</param>
/// <param name="IgnoresMerges">Whether a whole piece that is a token is taken as it is.</param>
/// <param name="ContinuingSubwordPrefix">What tokens begin with that do not begin a word; null or empty: nothing (kept as the file had it).</param>
/// <param name="EndOfWordSuffix">What tokens end with that end a word; null or empty: nothing (kept as the file had it).</param>
/// <param name="FallsBackToBytes">Whether an unknown character becomes the tokens <c>&lt;0x00&gt;</c> to <c>&lt;0xFF&gt;</c> of its bytes, where all are in the vocabulary.</param>
/// <param name="Dropout">How likely each merge is left out, from 0 to 1; null or 0: none is (kept as the file had it).</param>
internal sealed record BytePairModelOptions(
    string? UnknownToken = null,
    bool FusesUnknown = false,
    bool IgnoresMerges = false,
    string? ContinuingSubwordPrefix = null,
    string? EndOfWordSuffix = null,
    bool FallsBackToBytes = false,
    float? Dropout = null)
{
    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The dropout does not lie between 0 and 1.</exception>
    public void Validate()
    {
        if (Dropout is { } dropout && dropout is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(Dropout), dropout, "The dropout must lie between 0 and 1.");
    }
}
