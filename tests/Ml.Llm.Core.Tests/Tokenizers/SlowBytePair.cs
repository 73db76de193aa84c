using System.Text;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Core.Tests.Tokenizers;

/// <summary>BPE by its definition, with texts and lists: the twin that the fast model is compared with.</summary>
internal static class SlowBytePair
{
    public static List<(int Id, int Start, int End)> Encode(BytePairVocabulary vocabulary, string word, bool takesBytes)
    {
        var options = vocabulary.Options;
        var ids = vocabulary.Tokens.Ids;
        var spelled = takesBytes ? ByteAlphabet.ToToken(Encoding.UTF8.GetBytes(word)) : word;
        if (options.IgnoresMerges && ids.TryGetValue(spelled, out var whole)) return [(whole, 0, word.Length)];

        var symbols = Symbols(vocabulary, spelled);
        var prefix = options.ContinuingSubwordPrefix ?? "";
        while (true)
        {
            var (best, bestRank) = (-1, int.MaxValue);
            for (var i = 0; i + 1 < symbols.Count; i++)
            {
                var rank = RankOf(symbols[i].Id, symbols[i + 1].Id);
                if (rank < bestRank) (best, bestRank) = (i, rank);
            }

            if (best < 0) break;
            var (left, right) = vocabulary.MergeTexts[bestRank];
            symbols[best] = (ids[left + right[prefix.Length..]], symbols[best].Length + symbols[best + 1].Length);
            symbols.RemoveAt(best + 1);
        }

        var places = PlacesOfBytes(word, takesBytes);
        var result = new List<(int, int, int)>();
        var start = 0;
        foreach (var (id, length) in symbols)
        {
            result.Add((id, places[Math.Min(start, places.Count - 1)].Start, places[Math.Min(start + length, places.Count) - 1].End));
            start += length;
        }

        return result;

        int RankOf(int left, int right)
        {
            for (var i = vocabulary.MergeTexts.Count - 1; i >= 0; i--)
            {
                if (ids[vocabulary.MergeTexts[i].Left] == left && ids[vocabulary.MergeTexts[i].Right] == right) return i;
            }

            return int.MaxValue;
        }
    }

    private static List<(int Id, int Length)> Symbols(BytePairVocabulary vocabulary, string spelled)
    {
        var options = vocabulary.Options;
        var ids = vocabulary.Tokens.Ids;
        var symbols = new List<(int Id, int Length)>();
        var runes = spelled.EnumerateRunes().ToArray();
        (int Id, int Length)? unknown = null;
        for (var i = 0; i < runes.Length; i++)
        {
            var text = (i > 0 ? options.ContinuingSubwordPrefix : "") + runes[i] + (i == runes.Length - 1 ? options.EndOfWordSuffix : "");
            if (ids.TryGetValue(text, out var id))
            {
                if (unknown is { } before) symbols.Add(before);
                unknown = null;
                symbols.Add((id, runes[i].Utf8SequenceLength));
                continue;
            }

            var bytes = Encoding.UTF8.GetBytes(text).Select(value => ids.TryGetValue(UnknownTokens.NameOfByte(value), out var found) ? found : -1).ToArray();
            if (options.FallsBackToBytes && bytes.All(found => found >= 0))
            {
                symbols.AddRange(bytes.Select(found => (found, 1)));
                continue;
            }

            if (options.UnknownToken is not { } token) continue;
            if (unknown is { } run && options.FusesUnknown)
            {
                unknown = (run.Id, run.Length + runes[i].Utf8SequenceLength);
                continue;
            }

            if (unknown is { } single) symbols.Add(single);
            unknown = (ids[token], runes[i].Utf8SequenceLength);
        }

        if (unknown is { } last) symbols.Add(last);
        return symbols;
    }

    /// <summary>By byte of the word as the model sees it: the character of the text that it belongs to.</summary>
    private static List<(int Start, int End)> PlacesOfBytes(string word, bool takesBytes)
    {
        var places = new List<(int, int)>();
        var start = 0;
        foreach (var rune in word.EnumerateRunes())
        {
            var text = takesBytes ? ByteAlphabet.ToToken(Encoding.UTF8.GetBytes(rune.ToString())) : rune.ToString();
            for (var i = Encoding.UTF8.GetByteCount(text); i > 0; i--) places.Add((start, start + rune.Utf16SequenceLength));
            start += rune.Utf16SequenceLength;
        }

        return places;
    }
}
