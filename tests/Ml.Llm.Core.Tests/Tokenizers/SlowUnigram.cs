using Ml.Llm.Tokenization;

namespace Ml.Llm.Core.Tests.Tokenizers;

/// <summary>The obvious Unigram trainer: pieces are strings in dictionaries, sums are of logarithms, all ways through a word by recursion over places.</summary>
internal sealed class SlowUnigram(IReadOnlyList<(string Word, long Count)> words, UnigramLearning options)
{
    private List<(string Piece, double Score)> _pieces = [];

    public List<(string Token, double Score)> Learn()
    {
        _pieces = Seeds();
        var enough = options.VocabularySize * 11 / 10;
        while (true)
        {
            for (var i = 0; i < options.SubIterations; i++) Estimate();
            if (_pieces.Count + 1 <= enough) break;
            Prune(Math.Max(enough, (int)((_pieces.Count + 1) * options.ShrinkingFactor)));
        }

        var required = words.SelectMany(word => word.Word).Distinct().Order().Select(character => character.ToString()).ToList();
        var scores = _pieces.ToDictionary(piece => piece.Piece, piece => piece.Score);
        var lowest = _pieces.Min(piece => piece.Score);
        var dropped = 0;
        var result = required.ConvertAll(character => (character, scores.TryGetValue(character, out var score) ? score : lowest + (0.0001 * dropped++)));
        result.AddRange(_pieces.Where(piece => piece.Piece.Length > 1).Take(options.VocabularySize - options.SpecialTokens.Count - required.Count));
        return [.. options.SpecialTokens.Select(token => (token, 0.0)), .. result.OrderByDescending(piece => piece.Item2)];
    }

    /// <summary>Characters by count; then the stretches that occur with different characters after them (the end of a word is one).</summary>
    private List<(string Piece, double Score)> Seeds()
    {
        var counts = new Dictionary<char, long>();
        var occurrences = new Dictionary<string, (long Count, HashSet<char> After)>();
        foreach (var (word, count) in words)
        {
            foreach (var character in word) counts[character] = counts.GetValueOrDefault(character) + count;
            for (var start = 0; start < word.Length; start++)
            {
                for (var end = start + 2; end <= word.Length && end - start <= options.MaxPieceLength; end++)
                {
                    var piece = word[start..end];
                    var (seen, after) = occurrences.TryGetValue(piece, out var known) ? known : (0, []);
                    after.Add(end < word.Length ? word[end] : '\0');
                    occurrences[piece] = (seen + 1, after);
                }
            }
        }

        var weights = counts.OrderByDescending(item => item.Value).ThenByDescending(item => item.Key).Select(item => (item.Key.ToString(), (double)item.Value))
            .Concat(occurrences.Where(item => item.Value.After.Count > 1)
                .Select(item => (item.Key, (double)(item.Value.Count * item.Key.Length)))
                .OrderByDescending(item => item.Item2).ThenByDescending(item => item.Key, StringComparer.Ordinal))
            .ToList();
        var sum = weights.Sum(item => item.Item2);
        return weights.ConvertAll(item => (item.Item1, Math.Log(item.Item2) - Math.Log(sum)));
    }

    private void Estimate()
    {
        var expected = _pieces.ToDictionary(piece => piece.Piece, _ => 0.0);
        foreach (var (word, count) in words)
        {
            var before = new double[word.Length + 1];
            var behind = new double[word.Length + 1];
            for (var end = 1; end <= word.Length; end++) before[end] = LogSum(Edges(word).Where(edge => edge.End == end).Select(edge => before[edge.Start] + edge.Score));
            for (var start = word.Length - 1; start >= 0; start--) behind[start] = LogSum(Edges(word).Where(edge => edge.Start == start).Select(edge => behind[edge.End] + edge.Score));
            foreach (var edge in Edges(word))
            {
                if (edge.Piece is { } piece) expected[piece] += count * Math.Exp(before[edge.Start] + edge.Score + behind[edge.End] - before[^1]);
            }
        }

        var stay = _pieces.Where(piece => expected[piece.Piece] >= 0.5).ToList();
        var sum = stay.Sum(piece => expected[piece.Piece]);
        _pieces = stay.ConvertAll(piece => (piece.Piece, UnigramLearner.Digamma(expected[piece.Piece]) - UnigramLearner.Digamma(sum)));
    }

    private void Prune(int kept)
    {
        var counts = new Dictionary<string, double>();
        foreach (var (word, count) in words)
        {
            foreach (var piece in Best(word, whole: true).Path) counts[piece] = counts.GetValueOrDefault(piece) + count;
        }

        var sum = counts.Values.Sum();
        double total = words.Sum(word => word.Count);
        var stay = new List<(string Piece, double Score)>();
        var candidates = new List<((string Piece, double Score) Piece, double Loss)>();
        foreach (var piece in _pieces)
        {
            var count = counts.GetValueOrDefault(piece.Piece);
            var (score, path) = piece.Piece.Length > 1 ? Best(piece.Piece, whole: false) : (double.NegativeInfinity, []);
            if (path.Count == 0 || score > piece.Score)
            {
                if (path.Count == 0 || count > 0) stay.Add(piece);
                continue;
            }

            if (count == 0) continue;
            var alternative = path.Sum(part => Math.Log(counts.GetValueOrDefault(part) + count) - Math.Log(sum + (count * _pieces.Count)));
            candidates.Add((piece, count / total * (Math.Log(count) - Math.Log(sum) - alternative)));
        }

        stay.AddRange(candidates.OrderByDescending(candidate => candidate.Loss).Take(Math.Max(0, kept - 1 - stay.Count)).Select(candidate => candidate.Piece));
        _pieces = stay;
    }

    private (double Score, List<string> Path) Best(string word, bool whole)
    {
        var best = new (double Score, List<string> Path)[word.Length + 1];
        Array.Fill(best, (double.NegativeInfinity, []), 1, word.Length);
        best[0] = (0, []);
        for (var end = 1; end <= word.Length; end++)
        {
            foreach (var edge in Edges(word).Where(edge => edge.End == end && (whole || edge.End - edge.Start < word.Length)))
            {
                var score = best[edge.Start].Score + edge.Score;
                if (score > best[end].Score) best[end] = (score, [.. best[edge.Start].Path, edge.Piece ?? ""]);
            }
        }

        return best[^1];
    }

    /// <summary>The pieces in a word by their starts; a character that is none is an edge without a piece.</summary>
    private IEnumerable<(int Start, int End, string? Piece, double Score)> Edges(string word)
    {
        var scores = _pieces.ToDictionary(piece => piece.Piece, piece => piece.Score);
        for (var start = 0; start < word.Length; start++)
        {
            for (var end = start + 1; end <= word.Length; end++)
            {
                if (scores.TryGetValue(word[start..end], out var score)) yield return (start, end, word[start..end], score);
                else if (end == start + 1) yield return (start, end, null, _pieces.Min(piece => piece.Score) - 10);
            }
        }
    }

    private static double LogSum(IEnumerable<double> values)
    {
        var list = values.ToList();
        return list.Max() + Math.Log(list.Sum(value => Math.Exp(value - list.Max())));
    }
}
