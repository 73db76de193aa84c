using System.Globalization;
using Ml.Llm.Tokenization;

namespace Ml.Llm;

/// <summary>
/// Trains a vocabulary of whole words: by count, then by code point. The result equals that of Hugging Face's
/// WordLevelTrainer, and is the same for any number of threads and order of texts.
/// </summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class WordLevelTrainer
{
    /// <summary>Trains a tokenizer.</summary>
    /// <param name="texts">The texts; read once, as a stream.</param>
    /// <param name="options">The options.</param>
    /// <param name="log">Takes finished lines about what was found; may be null.</param>
    /// <param name="progress">Takes 1 in the end; may be null.</param>
    /// <param name="cancellationToken">Stops the training with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="DataFormatException">A text is null, or there is no text at all.</exception>
    public static LanguageModelTokenizer Train(
        IEnumerable<string> texts,
        WordLevelOptions options,
        Action<string>? log = null,
        Action<double>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();

        var normalizer = options.Normalizer?.ToPart();
        var preTokenizer = options.PreTokenizer?.ToPart();
        var words = TrainingCorpus.Count(texts, new TextPreparation(normalizer, preTokenizer), options.Threads, log, cancellationToken);
        var ids = Learn(words, options.SpecialTokens, options.VocabularySize, options.MinFrequency);
        progress?.Invoke(1);
        log?.Invoke(string.Create(CultureInfo.InvariantCulture, $"Tokenizer: {ids.Count} tokens."));
        return TrainedTokenizer.Build(
            new WordLevelModel(ids, options.UnknownToken),
            options.SpecialTokens,
            normalizer,
            preTokenizer,
            postProcessor: null,
            TrainedTokenizer.DecoderFor(preTokenizer));
    }

    /// <summary>The ids of special tokens and words. A word that is a special token too has the later id alone, as with Hugging Face.</summary>
    internal static Dictionary<string, int> Learn(WordTable words, IReadOnlyList<string> specialTokens, int vocabularySize, long minFrequency)
    {
        var ids = new Dictionary<string, int>();
        foreach (var token in specialTokens) ids[token] = ids.Count;
        var chosen = words.InOrder().Where(word => words.CountAt(word) >= minFrequency).OrderByDescending(words.CountAt);
        var next = specialTokens.Count;
        foreach (var word in chosen.Take(Math.Max(0, vocabularySize - next))) ids[words.WordAt(word).ToString()] = next++;
        return ids;
    }
}
