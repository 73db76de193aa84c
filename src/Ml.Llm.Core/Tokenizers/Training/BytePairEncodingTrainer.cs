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

        var preTokenizer = new ByteLevelPreTokenizer(new ByteLevelOptions(options.AddPrefixSpace));
        var words = TrainingCorpus.Count(texts, CountOf(preTokenizer), options.Threads, log, cancellationToken);
        var learned = BytePairLearner.Learn(
            words,
            new BytePairLearning
            {
                VocabularySize = options.VocabularySize,
                MinFrequency = options.MinFrequency,
                SpecialTokens = options.SpecialTokens,
                InitialAlphabet = options.FullByteAlphabet ? [.. ByteAlphabet.Characters.ToArray().Select(character => character.ToString())] : [],
                MaxTokenLength = options.MaxTokenLength,
                AsBytes = true,
            },
            progress,
            cancellationToken);
        var merges = learned.Merges.ToList();
        log?.Invoke(string.Create(CultureInfo.InvariantCulture, $"Tokenizer: {learned.Count} tokens, {merges.Count} merges."));
        return Build(learned, merges, preTokenizer, options);
    }

    private static CountWords CountOf(ByteLevelPreTokenizer preTokenizer)
    {
        var preparation = new TextPreparation(normalizer: null, preTokenizer, leavesBytes: true);
        return (text, words) =>
        {
            using var prepared = preparation.Prepare(text);
            foreach (var (start, end) in prepared.Pieces) words.Add(prepared.Units[start..end]);
        };
    }

    private static LanguageModelTokenizer Build(
        LearnedVocabulary learned, List<(string Left, string Right)> merges, ByteLevelPreTokenizer preTokenizer, BytePairEncodingOptions options)
    {
        var added = options.SpecialTokens.Select((token, id) => new AddedToken(id, token)).ToList();
        var pipeline = new TokenizerPipeline(
            added,
            normalizer: null,
            preTokenizer,
            new BytePairModel(new BytePairVocabulary(learned.Ids, merges, new BytePairModelOptions())),
            new ByteLevelPostProcessor(new ByteLevelOptions(options.AddPrefixSpace, TrimOffsets: false)),
            new ByteLevelDecoder(new ByteLevelOptions()));
        return new LanguageModelTokenizer(pipeline, TokenizerFiles.FillFromUsualNames(new SpecialTokenIds(), pipeline));
    }
}
