using Ml.Llm.Tokenization;

namespace Ml.Llm;

/// <summary>How a tokenizer like another one is trained: the same parts and kind of vocabulary, with tokens learned from other texts.</summary>
/// <remarks>What Transformers calls <c>train_new_from_iterator</c>.</remarks>
/// <threadsafety>Immutable.</threadsafety>
public sealed record SimilarTokenizerOptions
{
    /// <summary>How many tokens the vocabulary has at most, special tokens and the alphabet included. Default 30000.</summary>
    public int VocabularySize { get; init; } = 30_000;

    /// <summary>Special tokens beside those of the tokenizer that it is to be like; they get the ids after those. Default none.</summary>
    public IReadOnlyList<string> AdditionalSpecialTokens { get; init; } = [];

    /// <summary>A pair is merged, and a whole word taken, only if it occurs at least this often; a Unigram vocabulary has no such limit. Default 0.</summary>
    public long MinFrequency { get; init; }

    /// <summary>How many threads work; null: as many as there are processors. The result does not depend on it. Default null.</summary>
    public int? Threads { get; init; }

    /// <summary>Takes the part that is done, from 0 to 1, on the thread that trains; null: nobody is told. Default null.</summary>
    public Action<double>? Progress { get; init; }

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public void Validate()
    {
        TrainingChecks.SpecialTokens(AdditionalSpecialTokens, nameof(AdditionalSpecialTokens));
        TrainingChecks.VocabularySize(
            VocabularySize, AdditionalSpecialTokens.Count + 1, $"1 for characters and {AdditionalSpecialTokens.Count} for special tokens");
        TrainingChecks.Counts(MinFrequency, Threads);
    }
}
