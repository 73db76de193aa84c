using Ml.Llm.Tokenization;

namespace Ml.Llm.Core.Tests.Tokenizers;

/// <summary>Small random corpora, the same for a seed.</summary>
internal static class RandomWords
{
    public static List<(string Word, long Count)> Make(int seed, int alphabet, int wordCount, int longest)
    {
        var random = new Random(seed);
        return Enumerable.Range(0, wordCount)
            .Select(_ => string.Concat(Enumerable.Range(0, random.Next(1, longest + 1)).Select(_ => (char)('a' + (int)(alphabet * random.NextDouble() * random.NextDouble())))))
            .CountBy(word => word)
            .Select(word => (word.Key, (long)word.Value * random.Next(1, 5)))
            .ToList();
    }

    public static WordTable Table(IEnumerable<(string Word, long Count)> words)
    {
        var table = new WordTable();
        foreach (var (word, count) in words) table.Add(word, count);
        return table;
    }
}
