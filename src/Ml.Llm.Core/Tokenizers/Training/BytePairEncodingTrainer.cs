using System.Globalization;
using Ml.Llm.Tokenization;

namespace Ml.Llm;

/// <summary>
/// Trains a byte-pair vocabulary: counts the words of the texts, then learns merges on the counts. The result equals that of
/// Hugging Face's BpeTrainer, and is the same for any number of threads and order of texts.
/// </summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class BytePairEncodingTrainer
{
    /// <summary>Trains a tokenizer.</summary>
    /// <param name="texts">The texts; read once, as a stream.</param>
    /// <param name="options">The options.</param>
    /// <param name="log">Takes finished lines about what was found; may be null.</param>
    /// <param name="progress">Takes the part of the merges that is learned, from 0 to 1; may be null.</param>
    /// <param name="cancellationToken">Stops the training with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="DataFormatException">A text is null, or there is no text at all.</exception>
    public static LanguageModelTokenizer Train(
        IEnumerable<string> texts,
        BytePairEncodingOptions options,
        Action<string>? log = null,
        Action<double>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();

        var normalizer = options.Normalizer?.ToPart();
        var preTokenizer = (options.PreTokenizer ?? UsualPreTokenizer(options)).ToPart();
        var asBytes = preTokenizer.LeavesBytesToModel;
        var words = TrainingCorpus.Count(
            texts, new TextPreparation(normalizer, preTokenizer, leavesBytes: asBytes), options.Threads, log, cancellationToken);
        var learned = BytePairLearner.Learn(
            words,
            new BytePairLearning
            {
                VocabularySize = options.VocabularySize,
                MinFrequency = options.MinFrequency,
                SpecialTokens = options.SpecialTokens,
                InitialAlphabet = options.ByteLevel && options.FullByteAlphabet ? [.. options.InitialAlphabet, .. BytePairLearner.AllBytes] : options.InitialAlphabet,
                AlphabetLimit = options.LimitAlphabet,
                MaxTokenLength = options.MaxTokenLength,
                ContinuingSubwordPrefix = options.ContinuingSubwordPrefix ?? "",
                EndOfWordSuffix = options.EndOfWordSuffix ?? "",
                AsBytes = asBytes,
            },
            progress,
            cancellationToken);
        var merges = learned.Merges.ToList();
        log?.Invoke(string.Create(CultureInfo.InvariantCulture, $"Tokenizer: {learned.Count} tokens, {merges.Count} merges."));

        var modelOptions = new BytePairModelOptions(
            options.UnknownToken, ContinuingSubwordPrefix: options.ContinuingSubwordPrefix, EndOfWordSuffix: options.EndOfWordSuffix);
        return TrainedTokenizer.Build(
            new BytePairModel(new BytePairVocabulary(learned.Ids, merges, modelOptions), asBytes),
            options.SpecialTokens,
            normalizer,
            preTokenizer,
            asBytes ? new ByteLevelPostProcessor(new ByteLevelOptions(options.AddPrefixSpace, TrimOffsets: false)) : null,
            TrainedTokenizer.DecoderFor(preTokenizer, options.ContinuingSubwordPrefix, options.EndOfWordSuffix));
    }

    private static PreTokenizerConfig UsualPreTokenizer(BytePairEncodingOptions options)
    {
        if (options.ByteLevel) return PreTokenizerConfig.ByteLevel(options.AddPrefixSpace);
        var affixed = !string.IsNullOrEmpty(options.ContinuingSubwordPrefix) || !string.IsNullOrEmpty(options.EndOfWordSuffix);
        return affixed ? PreTokenizerConfig.WhitespaceSplit : PreTokenizerConfig.Metaspace;
    }
}
