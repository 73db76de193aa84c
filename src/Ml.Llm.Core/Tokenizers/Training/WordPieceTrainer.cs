using System.Globalization;
using Ml.Llm.Tokenization;

namespace Ml.Llm;

/// <summary>
/// Trains a WordPiece vocabulary as Hugging Face's WordPieceTrainer does: it is that of byte-pair merges over characters,
/// those inside a word with a prefix. The result is the same for any number of threads and order of texts; at the peer the
/// ids of prefixed characters are random, and with them what equally frequent pairs are merged first.
/// </summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class WordPieceTrainer
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
        WordPieceOptions options,
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
        var learned = BytePairLearner.Learn(
            words,
            new BytePairLearning
            {
                VocabularySize = options.VocabularySize,
                MinFrequency = options.MinFrequency,
                SpecialTokens = options.SpecialTokens,
                InitialAlphabet = options.InitialAlphabet,
                AlphabetLimit = options.LimitAlphabet,
                ContinuingSubwordPrefix = options.ContinuingSubwordPrefix,
            },
            progress,
            cancellationToken);
        log?.Invoke(string.Create(CultureInfo.InvariantCulture, $"Tokenizer: {learned.Count} tokens."));

        var model = new WordPieceModel(
            learned.Ids, new WordPieceModelOptions(options.UnknownToken, options.ContinuingSubwordPrefix, options.MaxInputCharactersPerWord));
        return TrainedTokenizer.Build(
            model,
            options.SpecialTokens,
            normalizer,
            preTokenizer,
            TemplateOf(options, model),
            TrainedTokenizer.DecoderFor(preTokenizer, options.ContinuingSubwordPrefix, cleansUp: true));
    }

    private static IPostProcessor? TemplateOf(WordPieceOptions options, WordPieceModel model) =>
        options.SpecialTokens.Contains(options.ClassificationToken) && options.SpecialTokens.Contains(options.SeparatorToken)
            ? TrainedTokenizer.TemplateFor(options.ClassificationToken, options.SeparatorToken, model)
            : null;
}
