using Ml.Llm.Tokenization;

namespace Ml.Llm;

/// <summary>How a byte-pair vocabulary is trained: over bytes, as GPT-2 and LLaMA 3 use it, or over characters.</summary>
/// <remarks>Sennrich, Haddow, Birch: Neural Machine Translation of Rare Words with Subword Units, ACL 2016; over bytes as in GPT-2. Names and defaults are those of Hugging Face's BpeTrainer.</remarks>
/// <threadsafety>Immutable.</threadsafety>
public sealed record BytePairEncodingOptions
{
    /// <summary>
    /// How many tokens the vocabulary has at most, special tokens and the alphabet included. Where the characters of the
    /// texts alone are more, all of them are taken and nothing is merged. Default 30000.
    /// </summary>
    public int VocabularySize { get; init; } = 30_000;

    /// <summary>A pair is merged only if it occurs at least this often in the texts. Default 0.</summary>
    public long MinFrequency { get; init; }

    /// <summary>Tokens with a meaning, which get the first ids, in this order. Default <c>&lt;|endoftext|&gt;</c>.</summary>
    public IReadOnlyList<string> SpecialTokens { get; init; } = ["<|endoftext|>"];

    /// <summary>
    /// Works on the UTF-8 bytes of the words, each as a character of GPT-2's byte alphabet; otherwise on their characters.
    /// Default true.
    /// </summary>
    public bool ByteLevel { get; init; } = true;

    /// <summary>Puts a space before a text that has none, so that its first word is like the others; heeded by the byte-level pre-tokenizer. Default false.</summary>
    public bool AddPrefixSpace { get; init; }

    /// <summary>
    /// Takes all 256 bytes into a byte-level vocabulary, so that every text can be encoded; otherwise only those that occur
    /// in the texts, and other bytes vanish when text is encoded. Default true.
    /// </summary>
    public bool FullByteAlphabet { get; init; } = true;

    /// <summary>Characters that are in the vocabulary whether they occur or not: the first character of each text. Default none.</summary>
    public IReadOnlyList<string> InitialAlphabet { get; init; } = [];

    /// <summary>
    /// How many characters the alphabet keeps: the most frequent, of equally frequent ones those with the smaller code points
    /// (Hugging Face's choice among those is random). The others vanish from the words. Null: all. Default null.
    /// </summary>
    public int? LimitAlphabet { get; init; }

    /// <summary>
    /// A merge that builds on an earlier one must give a token shorter than this many characters (bytes, where byte-level);
    /// null: no limit. Two single characters may always be merged. Default null.
    /// </summary>
    public int? MaxTokenLength { get; init; }

    /// <summary>What stands before a token that does not begin its word, such as <c>##</c>; null: nothing. Default null.</summary>
    public string? ContinuingSubwordPrefix { get; init; }

    /// <summary>What stands after a token that ends its word, such as <c>&lt;/w&gt;</c>; null: nothing. Default null.</summary>
    public string? EndOfWordSuffix { get; init; }

    /// <summary>The token for what is not in the vocabulary, one of the special tokens; null: such text vanishes. Default null.</summary>
    public string? UnknownToken { get; init; }

    /// <summary>What is done to a text before it is split; null: nothing. Default null.</summary>
    public NormalizerConfig? Normalizer { get; init; }

    /// <summary>
    /// How texts are split into words, across which nothing is merged. Null: byte-level by GPT-2's pattern; without
    /// <see cref="ByteLevel"/> at white space where there is an <see cref="EndOfWordSuffix"/> or
    /// <see cref="ContinuingSubwordPrefix"/>, else <see cref="PreTokenizerConfig.Metaspace"/>. With <see cref="ByteLevel"/> it
    /// must end in a byte-level one. Default null.
    /// </summary>
    public PreTokenizerConfig? PreTokenizer { get; init; }

    /// <summary>How many threads count words; null: as many as there are processors. The result does not depend on it. Default null.</summary>
    public int? Threads { get; init; }

    /// <summary>Takes the part of the merges that is learned, from 0 to 1, on the thread that trains; null: nobody is told. Default null.</summary>
    public Action<double>? Progress { get; init; }

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">An option is out of its range, or the vocabulary has no room for the bytes and special tokens.</exception>
    public void Validate()
    {
        TrainingChecks.SpecialTokens(SpecialTokens);
        var bytes = ByteLevel && FullByteAlphabet ? 256 : 1;
        TrainingChecks.VocabularySize(
            VocabularySize, bytes + SpecialTokens.Count, $"{bytes} for {(ByteLevel ? "bytes" : "characters")} and {SpecialTokens.Count} for special tokens");
        TrainingChecks.Counts(MinFrequency, Threads);
        TrainingChecks.Alphabet(InitialAlphabet, nameof(InitialAlphabet));
        TrainingChecks.IsSpecial(UnknownToken, SpecialTokens, nameof(UnknownToken));
        if (LimitAlphabet is { } limit) ArgumentOutOfRangeException.ThrowIfNegative(limit, nameof(LimitAlphabet));
        if (MaxTokenLength is { } length) ArgumentOutOfRangeException.ThrowIfLessThan(length, 1, nameof(MaxTokenLength));
        if (ByteLevel && PreTokenizer is { } chosen && !chosen.ToPart().LeavesBytesToModel)
        {
            throw new ArgumentException(
                "A byte-level vocabulary needs a pre-tokenizer that ends in ByteLevel. Put one at the end of a sequence, or set ByteLevel to false.",
                nameof(PreTokenizer));
        }
    }
}
