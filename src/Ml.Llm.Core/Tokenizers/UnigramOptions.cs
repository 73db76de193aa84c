using Ml.Llm.Tokenization;

namespace Ml.Llm;

/// <summary>How a Unigram vocabulary is trained, as SentencePiece, T5 and XLM-R use it.</summary>
/// <remarks>Kudo: Subword Regularization, ACL 2018. Names and defaults are those of Hugging Face's UnigramTrainer, but for the special tokens, of which it has none.</remarks>
/// <threadsafety>Immutable.</threadsafety>
public sealed record UnigramOptions
{
    /// <summary>How many tokens the vocabulary has at most, special tokens and all characters of the texts included; it may have fewer. Default 8000.</summary>
    public int VocabularySize { get; init; } = 8000;

    /// <summary>Tokens with a meaning, which get the first ids, in this order. Default <c>&lt;unk&gt; &lt;s&gt; &lt;/s&gt; &lt;pad&gt;</c>.</summary>
    public IReadOnlyList<string> SpecialTokens { get; init; } = ["<unk>", "<s>", "</s>", "<pad>"];

    /// <summary>
    /// The token for characters that are not in the vocabulary; where it is no special token it is put before them. Null:
    /// there is none, and a text with such a character cannot be encoded. Default <c>&lt;unk&gt;</c>.
    /// </summary>
    public string? UnknownToken { get; init; } = "<unk>";

    /// <summary>Characters that are in the vocabulary whether they occur or not: the first character of each text. Default none.</summary>
    public IReadOnlyList<string> InitialAlphabet { get; init; } = [];

    /// <summary>The share of pieces that stays at each pruning, above 0 and below 1. Default 0.75.</summary>
    public double ShrinkingFactor { get; init; } = 0.75;

    /// <summary>How often the probabilities are estimated anew before each pruning, at least 1. Default 2.</summary>
    public int SubIterations { get; init; } = 2;

    /// <summary>No token has more characters. Default 16.</summary>
    public int MaxPieceLength { get; init; } = 16;

    /// <summary>How many pieces the training begins with at most. Default 1000000.</summary>
    public int SeedSize { get; init; } = 1_000_000;

    /// <summary>What is done to a text before it is split; null: nothing. Default <see cref="NormalizerConfig.SentencePiece"/>.</summary>
    public NormalizerConfig? Normalizer { get; init; } = NormalizerConfig.SentencePiece;

    /// <summary>How texts are split into words; null: not at all. Default <see cref="PreTokenizerConfig.Metaspace"/>.</summary>
    public PreTokenizerConfig? PreTokenizer { get; init; } = PreTokenizerConfig.Metaspace;

    /// <summary>How many threads work; null: as many as there are processors. The result does not depend on it. Default null.</summary>
    public int? Threads { get; init; }

    /// <summary>Takes about how far the number of pieces has come down, from 0 to 1, on the thread that trains; null: nobody is told. Default null.</summary>
    public Action<double>? Progress { get; init; }

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public void Validate()
    {
        TrainingChecks.SpecialTokens(SpecialTokens);
        TrainingChecks.VocabularySize(VocabularySize, SpecialTokens.Count + 1, $"1 for characters and {SpecialTokens.Count} for special tokens");
        TrainingChecks.Counts(minFrequency: 0, Threads);
        TrainingChecks.Alphabet(InitialAlphabet, nameof(InitialAlphabet));
        if (UnknownToken is not null) ArgumentException.ThrowIfNullOrEmpty(UnknownToken);
        if (ShrinkingFactor is not (> 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(ShrinkingFactor), ShrinkingFactor, "The shrinking factor must be above 0 and below 1.");
        ArgumentOutOfRangeException.ThrowIfLessThan(SubIterations, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxPieceLength, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(SeedSize, 1);
    }
}
