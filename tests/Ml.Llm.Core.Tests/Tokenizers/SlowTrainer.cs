using System.Text;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Core.Tests.Tokenizers;

/// <summary>The obvious trainer: counts all pairs anew before each merge.</summary>
internal static class SlowTrainer
{
    public static List<(string Left, string Right)> Merges(IEnumerable<string> texts, BytePairEncodingOptions options)
    {
        var words = texts.SelectMany(Pieces).Select(piece => Encoding.UTF8.GetBytes(piece).Select(value => ByteAlphabet.ToToken([value])).ToList()).ToList();
        var ids = options.SpecialTokens.Concat(words.SelectMany(word => word).Distinct().OrderBy(text => text, StringComparer.Ordinal))
            .Select((text, id) => (text, id)).ToDictionary(item => item.text, item => item.id);
        var merges = new List<(string, string)>();
        while (ids.Count < options.VocabularySize)
        {
            var best = words.SelectMany(PairsOf)
                .Where(pair => (pair.Left.Length == 1 && pair.Right.Length == 1) || pair.Left.Length + pair.Right.Length < (options.MaxTokenLength ?? int.MaxValue))
                .GroupBy(pair => pair)
                .OrderByDescending(group => group.Count()).ThenBy(group => ids[group.Key.Left]).ThenBy(group => ids[group.Key.Right])
                .FirstOrDefault();
            if (best is null || best.Count() < options.MinFrequency) break;
            var (left, right) = best.Key;
            merges.Add((left, right));
            ids.TryAdd(left + right, ids.Count);
            foreach (var word in words)
            {
                for (var i = 0; i + 1 < word.Count; i++)
                {
                    if (word[i] != left || word[i + 1] != right) continue;
                    word[i] = left + right;
                    word.RemoveAt(i + 1);
                }
            }
        }

        return merges;
    }

    private static IEnumerable<(string Left, string Right)> PairsOf(List<string> word) => word.Zip(word.Skip(1));

    private static IEnumerable<string> Pieces(string text)
    {
        for (var start = 0; start < text.Length;)
        {
            var end = Gpt2Pattern.EndOfMatch(text, start);
            yield return text[start..end];
            start = end;
        }
    }
}
