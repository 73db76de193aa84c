using System.Globalization;

namespace Ml.Llm.Tokenization;

/// <summary>Counts the words of the texts that a tokenizer is trained on, and logs what was found.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class TrainingCorpus
{
    /// <summary>Counts.</summary>
    /// <param name="texts">The texts; read once, as a stream.</param>
    /// <param name="preparation">Normalizes and splits a text.</param>
    /// <param name="threads">How many threads split; null: as many as there are processors.</param>
    /// <param name="log">Takes a line about what was found; may be null.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="DataFormatException">A text is null, or there is no word at all.</exception>
    public static WordTable Count(IEnumerable<string> texts, TextPreparation preparation, int? threads, Action<string>? log, CancellationToken cancellationToken)
    {
        CountWords count = (text, words) =>
        {
            using var prepared = preparation.Prepare(text);
            foreach (var (start, end) in prepared.Pieces) words.Add(prepared.Units[start..end]);
        };
        var counter = new WordCounter(count, threads ?? Environment.ProcessorCount, cancellationToken);
        var words = counter.Count(texts);
        if (words.Count == 0)
            throw new DataFormatException($"There is nothing to train a tokenizer on: {counter.Texts} texts with {counter.Characters} characters.");
        log?.Invoke(string.Create(
            CultureInfo.InvariantCulture, $"Tokenizer: {counter.Texts} texts, {counter.Characters} characters, {words.Count} different words."));
        return words;
    }
}
