namespace Ml.Llm.Tokenization;

/// <summary>What a BPE model consists of in tokenizer.json: its options, tokens and merges.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class BytePairVocabulary
{
    private readonly Dictionary<string, int> _ids;
    private readonly string?[] _tokens;
    private readonly IReadOnlyList<(string Left, string Right)> _mergeTexts;

    /// <summary>Makes a vocabulary.</summary>
    /// <param name="ids">Token to id.</param>
    /// <param name="merges">The pairs to merge, the most important first; both parts and the result are tokens.</param>
    /// <param name="options">The options.</param>
    /// <exception cref="FormatException">A part or the result of a merge is no token.</exception>
    public BytePairVocabulary(Dictionary<string, int> ids, IReadOnlyList<(string Left, string Right)> merges, BytePairModelOptions options)
    {
        _ids = ids;
        _mergeTexts = merges;
        Options = options;
        LargestId = ids.Count == 0 ? -1 : ids.Values.Max();
        _tokens = new string?[LargestId + 1];
        foreach (var (token, id) in ids) _tokens[id] = token;

        var pairs = new List<(int, int, int)>(merges.Count);
        for (var i = 0; i < merges.Count; i++)
        {
            var (left, right) = merges[i];
            pairs.Add((IdOfPart(left, i), IdOfPart(right, i), IdOfPart(left + right, i)));
        }

        Merges = new MergeTable(pairs);
    }

    /// <summary>The options.</summary>
    public BytePairModelOptions Options { get; }

    /// <summary>The merges by ids.</summary>
    public MergeTable Merges { get; }

    /// <summary>The largest id, or -1.</summary>
    public int LargestId { get; }

    /// <summary>How many tokens there are.</summary>
    public int Count => _ids.Count;

    /// <summary>The merges as text, in order.</summary>
    public IReadOnlyList<(string Left, string Right)> MergeTexts => _mergeTexts;

    /// <summary>The id of a token.</summary>
    public bool TryGetId(string token, out int id) => _ids.TryGetValue(token, out id);

    /// <summary>The token of an id, or null.</summary>
    public string? TokenOf(int id) => (uint)id < (uint)_tokens.Length ? _tokens[id] : null;

    /// <summary>Writes the model, tokens in the order of their ids.</summary>
    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "BPE");
        output.Null("dropout");
        output.Text("unk_token", Options.UnknownToken);
        output.Text("continuing_subword_prefix", Options.ContinuingSubwordPrefix);
        output.Text("end_of_word_suffix", Options.EndOfWordSuffix);
        output.Truth("fuse_unk", Options.FusesUnknown);
        output.Truth("byte_fallback", false);
        output.Truth("ignore_merges", Options.IgnoresMerges);
        output.Name("vocab");
        output.BeginObject();
        for (var id = 0; id < _tokens.Length; id++)
        {
            if (_tokens[id] is { } token) output.Integer(token, id);
        }

        output.EndObject();
        output.Name("merges");
        output.BeginArray();
        foreach (var (left, right) in _mergeTexts)
        {
            output.BeginArray();
            output.Text(left);
            output.Text(right);
            output.EndArray();
        }

        output.EndArray();
        output.EndObject();
    }

    private int IdOfPart(string token, int merge) => _ids.TryGetValue(token, out var id)
        ? id
        : throw new FormatException(
            $"merge {merge} (\"{_mergeTexts[merge].Left}\", \"{_mergeTexts[merge].Right}\") needs the token \"{token}\", which is not in the vocabulary");
}

/// <summary>The options of a BPE model in tokenizer.json.</summary>
/// <param name="UnknownToken">The token for what is not in the vocabulary; null: such bytes vanish.</param>
/// <param name="FusesUnknown">Whether neighbouring unknown bytes become one token.</param>
/// <param name="IgnoresMerges">Whether a whole piece that is a token is taken as it is.</param>
/// <param name="ContinuingSubwordPrefix">Null or empty (kept as the file had it).</param>
/// <param name="EndOfWordSuffix">Null or empty (kept as the file had it).</param>
internal sealed record BytePairModelOptions(
    string? UnknownToken = null,
    bool FusesUnknown = false,
    bool IgnoresMerges = false,
    string? ContinuingSubwordPrefix = null,
    string? EndOfWordSuffix = null);
