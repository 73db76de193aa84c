using Ml.Llm.Tokenization;

namespace Ml.Llm;

/// <summary>How a WordPiece vocabulary is trained, as BERT uses it: by byte-pair merges over characters, which are thrown away in the end.</summary>
/// <remarks>Names and defaults are those of Hugging Face's WordPieceTrainer and BertWordPieceTokenizer; Devlin et al.: BERT, NAACL 2019.</remarks>
/// <threadsafety>Immutable.</threadsafety>
public sealed record WordPieceOptions
{
    /// <summary>
    /// How many tokens the vocabulary has at most, special tokens and characters included. Where these alone are more, all
    /// of them are taken. Default 30000.
    /// </summary>
    public int VocabularySize { get; init; } = 30_000;

    /// <summary>A pair is merged only if it occurs at least this often in the texts. Default 0.</summary>
    public long MinFrequency { get; init; }

    /// <summary>Tokens with a meaning, which get the first ids, in this order. Default <c>[PAD] [UNK] [CLS] [SEP] [MASK]</c>.</summary>
    public IReadOnlyList<string> SpecialTokens { get; init; } = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

    /// <summary>The token for a word that cannot be spelled, one of the special tokens. Default <c>[UNK]</c>.</summary>
    public string UnknownToken { get; init; } = "[UNK]";

    /// <summary>The special token put before a text; null, or one that is not among the special tokens: none is. Default <c>[CLS]</c>.</summary>
    public string? ClassificationToken { get; init; } = "[CLS]";

    /// <summary>The special token put after each text; null, or one that is not among the special tokens: none is. Default <c>[SEP]</c>.</summary>
    public string? SeparatorToken { get; init; } = "[SEP]";

    /// <summary>What stands before a token that does not begin its word. Default <c>##</c>.</summary>
    public string ContinuingSubwordPrefix { get; init; } = "##";

    /// <summary>Characters that are in the vocabulary whether they occur or not: the first character of each text. Default none.</summary>
    public IReadOnlyList<string> InitialAlphabet { get; init; } = [];

    /// <summary>
    /// How many characters the alphabet keeps: the most frequent, of equally frequent ones those with the smaller code points
    /// (Hugging Face's choice among those is random). Null: all. Default null.
    /// </summary>
    public int? LimitAlphabet { get; init; }

    /// <summary>A word with more characters becomes the unknown token when text is encoded. Default 100.</summary>
    public int MaxInputCharactersPerWord { get; init; } = 100;

    /// <summary>What is done to a text before it is split; null: nothing. Default BERT's, with lower case.</summary>
    public NormalizerConfig? Normalizer { get; init; } = NormalizerConfig.Bert();

    /// <summary>How texts are split into words; null: not at all. Default BERT's: at white space, and each punctuation mark alone.</summary>
    public PreTokenizerConfig? PreTokenizer { get; init; } = PreTokenizerConfig.Bert;

    /// <summary>How many threads count words; null: as many as there are processors. The result does not depend on it. Default null.</summary>
    public int? Threads { get; init; }

    /// <summary>Takes the part of the pieces that is learned, from 0 to 1, on the thread that trains; null: nobody is told. Default null.</summary>
    public Action<double>? Progress { get; init; }

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public void Validate()
    {
        TrainingChecks.SpecialTokens(SpecialTokens);
        TrainingChecks.VocabularySize(VocabularySize, SpecialTokens.Count + 1, $"1 for characters and {SpecialTokens.Count} for special tokens");
        TrainingChecks.Counts(MinFrequency, Threads);
        TrainingChecks.Alphabet(InitialAlphabet, nameof(InitialAlphabet));
        ArgumentNullException.ThrowIfNull(UnknownToken);
        TrainingChecks.IsSpecial(UnknownToken, SpecialTokens, nameof(UnknownToken));
        ArgumentException.ThrowIfNullOrEmpty(ContinuingSubwordPrefix);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxInputCharactersPerWord, 1);
        if (LimitAlphabet is { } limit) ArgumentOutOfRangeException.ThrowIfNegative(limit, nameof(LimitAlphabet));
    }
}
