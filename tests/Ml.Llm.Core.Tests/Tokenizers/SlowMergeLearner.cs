using Ml.Llm.Tokenization;

namespace Ml.Llm.Core.Tests.Tokenizers;

/// <summary>The obvious learner of merges: words are lists of tokens with their lengths, and all pairs are counted anew before each merge.</summary>
internal sealed class SlowMergeLearner(IReadOnlyList<(string Word, long Count)> words, BytePairLearning options)
{
    public List<string> Tokens { get; } = [];

    public List<(string Left, string Right)> Merges { get; } = [];

    public void Learn()
    {
        foreach (var token in options.SpecialTokens) Add(token);
        var counts = words.SelectMany(word => word.Word.Select(character => (character, word.Count)))
            .GroupBy(item => item.character).ToDictionary(group => group.Key, group => group.Sum(item => item.Count));
        foreach (var text in options.InitialAlphabet) counts[text[0]] = long.MaxValue;
        foreach (var character in counts.OrderByDescending(item => item.Value).ThenBy(item => item.Key).Take(options.AlphabetLimit ?? int.MaxValue).Select(item => item.Key).Order())
            Add(character.ToString());

        var spelled = new List<(List<(string Token, int Length)> Symbols, long Count)>();
        foreach (var (word, count) in words.OrderBy(word => word.Word, StringComparer.Ordinal))
        {
            var symbols = new List<(string, int)>();
            for (var i = 0; i < word.Length; i++)
            {
                if (!Tokens.Contains(word[i].ToString())) continue;
                var token = (i > 0 ? options.ContinuingSubwordPrefix : "") + word[i] + (i == word.Length - 1 ? options.EndOfWordSuffix : "");
                Add(token);
                symbols.Add((token, 1));
            }

            spelled.Add((symbols, count));
        }

        while (Tokens.Count < options.VocabularySize)
        {
            var best = spelled.SelectMany(word => word.Symbols.Zip(word.Symbols.Skip(1)).Select(pair => (pair.First, pair.Second, word.Count)))
                .Where(pair => (pair.First.Length == 1 && pair.Second.Length == 1) || pair.First.Length + pair.Second.Length < (options.MaxTokenLength ?? int.MaxValue))
                .GroupBy(pair => (Left: pair.First.Token, Right: pair.Second.Token))
                .Select(group => (group.Key, Count: group.Sum(pair => pair.Count)))
                .OrderByDescending(pair => pair.Count).ThenBy(pair => Tokens.IndexOf(pair.Key.Left)).ThenBy(pair => Tokens.IndexOf(pair.Key.Right))
                .FirstOrDefault();
            if (best.Count < Math.Max(1, options.MinFrequency)) break;
            Merge(best.Key.Left, best.Key.Right, spelled);
        }
    }

    private void Merge(string left, string right, List<(List<(string Token, int Length)> Symbols, long Count)> spelled)
    {
        var merged = left + (right.StartsWith(options.ContinuingSubwordPrefix, StringComparison.Ordinal) ? right[options.ContinuingSubwordPrefix.Length..] : right);
        Add(merged);
        Merges.Remove((left, right));
        Merges.Add((left, right));
        foreach (var (symbols, _) in spelled)
        {
            for (var i = 0; i + 1 < symbols.Count; i++)
            {
                if (symbols[i].Token != left || symbols[i + 1].Token != right) continue;
                symbols[i] = (merged, symbols[i].Length + symbols[i + 1].Length);
                symbols.RemoveAt(i + 1);
            }
        }
    }

    private void Add(string token)
    {
        if (!Tokens.Contains(token)) Tokens.Add(token);
    }
}
