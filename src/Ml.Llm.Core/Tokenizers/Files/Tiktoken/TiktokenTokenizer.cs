using System.Globalization;

namespace Ml.Llm.Tokenization;

/// <summary>tiktoken's tokenizer in the parts of tokenizer.json: a pattern cuts the text, and bytes are merged by the rank of what they become.</summary>
/// <remarks>
/// A piece that is a token is taken whole. Else the pair with the smallest rank merges first; the merges of the list are all
/// ways to part each token into two others, in the order of its rank.
/// </remarks>
/// <threadsafety>Pure functions.</threadsafety>
internal static class TiktokenTokenizer
{
    /// <summary>Builds it.</summary>
    /// <param name="ranks">The tokens in the byte alphabet, in the order of their ranks.</param>
    /// <param name="pattern">What finds the pieces of a text.</param>
    /// <param name="specialTokens">The special tokens and their ids.</param>
    /// <exception cref="ArgumentException">A special token is empty, or its id is out of range or taken.</exception>
    public static TokenizerPipeline Build(IReadOnlyList<(string Token, int Rank)> ranks, GivenPattern pattern, IReadOnlyDictionary<string, int> specialTokens)
    {
        var ids = ranks.ToDictionary(item => item.Token, item => item.Rank);
        var special = specialTokens.OrderBy(token => token.Value).Select(token => new AddedToken(token.Value, token.Key)).ToList();
        Check(special, ids.Values.ToHashSet());

        // Of a tokenizer.json that is written only tokens of the model keep ids which leave holes.
        var next = ids.Values.Max() + 1;
        var follow = ids.Count == next && special.Select((token, i) => token.Id == next + i).All(static follows => follows);
        if (!follow)
        {
            foreach (var token in special)
                if (!ids.TryAdd(token.Content, token.Id))
                    throw new ArgumentException($"The special token \"{token.Content}\" spells a token that has a rank.", nameof(specialTokens));
        }

        var merges = MergesOfPieces.Find(ranks.Select(static item => (item.Token, -(float)item.Rank)).ToList(), static _ => true);
        var bytes = new ByteLevelOptions(AddPrefixSpace: false, TrimOffsets: false, UseRegex: false);
        var vocabulary = new BytePairVocabulary(ids, merges, new BytePairModelOptions(IgnoresMerges: true));
        return new TokenizerPipeline(
            special,
            normalizer: null,
            new SequencePreTokenizer([new SplitPreTokenizer(pattern, SplitBehavior.Isolated, invert: false), new ByteLevelPreTokenizer(bytes)]),
            new BytePairModel(vocabulary, takesBytes: true),
            new ByteLevelPostProcessor(bytes),
            new ByteLevelDecoder(new ByteLevelOptions()));
    }

    private static void Check(List<AddedToken> specialTokens, HashSet<int> taken)
    {
        foreach (var (id, content) in specialTokens.Select(static token => (token.Id, token.Content)))
        {
            if (content.Length == 0) throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"The special token of the id {id} is empty."), nameof(specialTokens));
            if (id is < 0 or > TokenizerJsonReader.LargestId)
                throw new ArgumentOutOfRangeException(nameof(specialTokens), id, $"The id of \"{content}\" must be a whole number from 0 to {TokenizerJsonReader.LargestId}.");
            if (!taken.Add(id)) throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"The id {id} of the special token \"{content}\" is that of another token."), nameof(specialTokens));
        }
    }
}
