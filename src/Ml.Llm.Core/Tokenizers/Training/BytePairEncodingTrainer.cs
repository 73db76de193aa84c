using System.Globalization;
using System.Text;
using Ml.Llm.Tokenization;

namespace Ml.Llm;

/// <summary>
/// Trains a byte-level byte-pair vocabulary: counts the words of the texts, then learns merges on the counts. The result
/// equals that of Hugging Face's BpeTrainer, and is the same for any number of threads and order of texts.
/// </summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class BytePairEncodingTrainer
{
    private const int ReportEvery = 64;

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
        var counter = new WordCounter(preTokenizer, options.Threads ?? Environment.ProcessorCount, cancellationToken);
        var words = counter.Count(texts);
        if (words.Count == 0)
            throw new DataFormatException($"There is nothing to train a tokenizer on: {counter.Texts} texts with {counter.Characters} characters.");
        log?.Invoke(string.Create(
            CultureInfo.InvariantCulture, $"Tokenizer: {counter.Texts} texts, {counter.Characters} characters, {words.Count} different words."));

        var (tokens, merges) = Learn(words, options, progress, cancellationToken);
        log?.Invoke(string.Create(CultureInfo.InvariantCulture, $"Tokenizer: {tokens.Count} tokens, {merges.Count} merges."));
        return Build(tokens, merges, preTokenizer, options);
    }

    private static (List<string> Tokens, List<(string Left, string Right)> Merges) Learn(
        Dictionary<string, long> words, BytePairEncodingOptions options, Action<double>? progress, CancellationToken cancellationToken)
    {
        var tokens = new List<string>(options.SpecialTokens);
        var ids = tokens.Select((token, id) => (token, id)).ToDictionary(item => item.token, item => item.id);
        var encoded = words.Select(word => (Bytes: Encoding.UTF8.GetBytes(word.Key), Count: word.Value)).ToList();
        var byteIds = AddAlphabet(encoded, options.FullByteAlphabet, tokens, ids);
        var symbols = encoded.ConvertAll(word => (Array.ConvertAll(word.Bytes, value => byteIds[value]), word.Count));
        encoded.Clear();

        var learner = new MergeLearner(symbols, tokens.Count, options.MaxTokenLength);
        var merges = new List<(string, string)>();
        var first = tokens.Count;
        while (tokens.Count < options.VocabularySize && learner.TryNext(options.MinFrequency, out var left, out var right))
        {
            var text = tokens[left] + tokens[right];
            if (!ids.TryGetValue(text, out var merged))
            {
                merged = tokens.Count;
                tokens.Add(text);
                ids.Add(text, merged);
            }

            merges.Add((tokens[left], tokens[right]));
            learner.Merge(left, right, merged);
            if (merges.Count % ReportEvery != 0) continue;
            cancellationToken.ThrowIfCancellationRequested();
            progress?.Invoke((double)(tokens.Count - first) / (options.VocabularySize - first));
        }

        progress?.Invoke(1);
        return (tokens, merges);
    }

    /// <summary>Adds the characters of the bytes in the order of their code points, and gives the id of each byte.</summary>
    private static int[] AddAlphabet(List<(byte[] Bytes, long Count)> words, bool all, List<string> tokens, Dictionary<string, int> ids)
    {
        var occurs = new bool[256];
        Array.Fill(occurs, all);
        foreach (var (bytes, _) in words)
            foreach (var value in bytes)
                occurs[value] = true;

        var byteIds = new int[256];
        foreach (var value in Enumerable.Range(0, 256).Where(value => occurs[value]).OrderBy(value => ByteAlphabet.Characters[value]))
        {
            var token = ByteAlphabet.Characters[value].ToString();
            if (!ids.TryGetValue(token, out var id))
            {
                id = tokens.Count;
                tokens.Add(token);
                ids.Add(token, id);
            }

            byteIds[value] = id;
        }

        return byteIds;
    }

    private static LanguageModelTokenizer Build(
        List<string> tokens, List<(string Left, string Right)> merges, ByteLevelPreTokenizer preTokenizer, BytePairEncodingOptions options)
    {
        var ids = new Dictionary<string, int>(tokens.Count);
        for (var id = 0; id < tokens.Count; id++) ids.Add(tokens[id], id);
        var added = options.SpecialTokens.Select((token, id) => new AddedToken(id, token)).ToList();
        var pipeline = new TokenizerPipeline(
            added,
            normalizer: null,
            preTokenizer,
            new BytePairModel(new BytePairVocabulary(ids, merges, new BytePairModelOptions())),
            new ByteLevelPostProcessor(new ByteLevelOptions(options.AddPrefixSpace, TrimOffsets: false)),
            new ByteLevelDecoder(new ByteLevelOptions()));
        return new LanguageModelTokenizer(pipeline, TokenizerFiles.FillFromUsualNames(new SpecialTokenIds(), pipeline));
    }
}
