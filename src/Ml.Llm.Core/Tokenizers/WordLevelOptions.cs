using Ml.Llm.Tokenization;

namespace Ml.Llm;

/// <summary>How a vocabulary of whole words is trained: the most frequent words, of equally frequent ones that with the smaller code points first.</summary>
/// <remarks>Names and defaults are those of Hugging Face's WordLevelTrainer, but for the special token, of which it has none.</remarks>
/// <threadsafety>Immutable.</threadsafety>
public sealed record WordLevelOptions
{
    /// <summary>How many tokens the vocabulary has at most, special tokens included. Default 30000.</summary>
    public int VocabularySize { get; init; } = 30_000;

    /// <summary>A word is taken only if it occurs at least this often in the texts. Default 0.</summary>
    public long MinFrequency { get; init; }

    /// <summary>Tokens with a meaning, which get the first ids, in this order. Default <c>&lt;unk&gt;</c>.</summary>
    public IReadOnlyList<string> SpecialTokens { get; init; } = ["<unk>"];

    /// <summary>The token for a word that is not in the vocabulary, one of the special tokens. Default <c>&lt;unk&gt;</c>.</summary>
    public string UnknownToken { get; init; } = "<unk>";

    /// <summary>What is done to a text before it is split; null: nothing. Default null.</summary>
    public NormalizerConfig? Normalizer { get; init; }

    /// <summary>How texts are split into words; null: each text is one word. Default <see cref="PreTokenizerConfig.Whitespace"/>.</summary>
    public PreTokenizerConfig? PreTokenizer { get; init; } = PreTokenizerConfig.Whitespace;

    /// <summary>How many threads count words; null: as many as there are processors. The result does not depend on it. Default null.</summary>
    public int? Threads { get; init; }

    /// <summary>Takes 1 in the end, on the thread that trains; null: nobody is told. Default null.</summary>
    public Action<double>? Progress { get; init; }

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public void Validate()
    {
        TrainingChecks.SpecialTokens(SpecialTokens);
        TrainingChecks.VocabularySize(VocabularySize, SpecialTokens.Count + 1, $"1 for words and {SpecialTokens.Count} for special tokens");
        TrainingChecks.Counts(MinFrequency, Threads);
        ArgumentNullException.ThrowIfNull(UnknownToken);
        TrainingChecks.IsSpecial(UnknownToken, SpecialTokens, nameof(UnknownToken));
    }
}
