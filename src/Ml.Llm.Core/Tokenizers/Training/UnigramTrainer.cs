using System.Globalization;
using Ml.Llm.Tokenization;

namespace Ml.Llm;

/// <summary>
/// Trains a Unigram vocabulary as Hugging Face's UnigramTrainer does. The result is the same to the bit for any number of
/// threads and order of texts. At the peer the scores differ from run to run in the last digits, and those of characters that
/// were dropped and must stay by multiples of 0.0001; here these follow the code points.
/// </summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class UnigramTrainer
{
    /// <summary>Trains a tokenizer.</summary>
    /// <param name="texts">The texts; read once, as a stream.</param>
    /// <param name="options">The options.</param>
    /// <param name="log">Takes finished lines about what was found; may be null.</param>
    /// <param name="progress">Takes about how far the number of pieces has come down, from 0 to 1; may be null.</param>
    /// <param name="cancellationToken">Stops the training with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or the vocabulary has no room for the characters of the texts.</exception>
    /// <exception cref="DataFormatException">A text is null, or there is no text at all.</exception>
    public static LanguageModelTokenizer Train(
        IEnumerable<string> texts,
        UnigramOptions options,
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
        var learning = new UnigramLearning
        {
            VocabularySize = options.VocabularySize,
            SpecialTokens = options.SpecialTokens,
            UnknownToken = options.UnknownToken,
            InitialAlphabet = options.InitialAlphabet,
            ShrinkingFactor = options.ShrinkingFactor,
            SubIterations = options.SubIterations,
            MaxPieceLength = options.MaxPieceLength,
            SeedSize = options.SeedSize,
            Threads = options.Threads ?? Environment.ProcessorCount,
        };
        var learned = new UnigramLearner(learning, progress, cancellationToken).Learn(words);
        log?.Invoke(string.Create(CultureInfo.InvariantCulture, $"Tokenizer: {learned.Tokens.Count} tokens."));
        return TrainedTokenizer.Build(
            new UnigramModel(new UnigramVocabulary(learned.Tokens, new UnigramModelOptions(learned.UnknownId))),
            options.SpecialTokens,
            normalizer,
            preTokenizer,
            postProcessor: null,
            TrainedTokenizer.DecoderFor(preTokenizer));
    }
}
