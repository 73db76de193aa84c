namespace Ml.Llm;

/// <summary>How a byte-level byte-pair vocabulary is trained.</summary>
/// <remarks>Sennrich, Haddow, Birch: Neural Machine Translation of Rare Words with Subword Units, ACL 2016; over bytes as in GPT-2. Names and defaults are those of Hugging Face's BpeTrainer.</remarks>
/// <threadsafety>Immutable.</threadsafety>
public sealed record BytePairEncodingOptions
{
    /// <summary>How many tokens the vocabulary has at most, special tokens and the 256 bytes included. Default 30000.</summary>
    public int VocabularySize { get; init; } = 30_000;

    /// <summary>A pair is merged only if it occurs at least this often in the texts. Default 0.</summary>
    public long MinFrequency { get; init; }

    /// <summary>Tokens with a meaning, which get the first ids, in this order. Default <c>&lt;|endoftext|&gt;</c>.</summary>
    public IReadOnlyList<string> SpecialTokens { get; init; } = ["<|endoftext|>"];

    /// <summary>Puts a space before a text that has none, so that its first word is like the others. Default false.</summary>
    public bool AddPrefixSpace { get; init; }

    /// <summary>
    /// Takes all 256 bytes into the vocabulary, so that every text can be encoded; otherwise only those that occur in the
    /// texts, and other bytes vanish when text is encoded. Default true.
    /// </summary>
    public bool FullByteAlphabet { get; init; } = true;

    /// <summary>
    /// A merge that builds on an earlier one must give a token shorter than this many bytes; null: no limit. Two single
    /// bytes may always be merged. Default null.
    /// </summary>
    public int? MaxTokenLength { get; init; }

    /// <summary>How many threads count words; null: as many as there are processors. The result does not depend on it. Default null.</summary>
    public int? Threads { get; init; }

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">An option is out of its range, or the vocabulary has no room for the bytes and special tokens.</exception>
    public void Validate()
    {
        ArgumentNullException.ThrowIfNull(SpecialTokens);
        if (SpecialTokens.Any(string.IsNullOrEmpty)) throw new ArgumentException("A special token must not be null or empty.", nameof(SpecialTokens));
        if (SpecialTokens.Distinct(StringComparer.Ordinal).Count() < SpecialTokens.Count)
            throw new ArgumentException("The special tokens must differ from each other.", nameof(SpecialTokens));
        var bytes = FullByteAlphabet ? 256 : 1;
        var least = bytes + SpecialTokens.Count;
        if (VocabularySize < least)
        {
            throw new ArgumentOutOfRangeException(
                nameof(VocabularySize),
                VocabularySize,
                $"A vocabulary of {VocabularySize} is too small: {bytes} for bytes and {SpecialTokens.Count} for special tokens make {least}. Ask for at least {least}.");
        }

        if (VocabularySize > Tokenization.TokenizerJsonReader.LargestId + 1)
            throw new ArgumentOutOfRangeException(nameof(VocabularySize), VocabularySize, $"A vocabulary has at most {Tokenization.TokenizerJsonReader.LargestId + 1} tokens.");
        ArgumentOutOfRangeException.ThrowIfNegative(MinFrequency);
        if (MaxTokenLength is { } length) ArgumentOutOfRangeException.ThrowIfLessThan(length, 1, nameof(MaxTokenLength));
        if (Threads is { } threads) ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1, nameof(Threads));
    }
}
