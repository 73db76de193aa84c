namespace Ml.Llm.Tokenization;

/// <summary>A vocabulary while it is learned: tokens get the next ids, and a token that is there keeps its own.</summary>
/// <threadsafety>Belongs to one call.</threadsafety>
internal sealed class LearnedVocabulary
{
    private readonly List<string> _tokens = [];
    private readonly Dictionary<string, int> _ids = [];
    private readonly List<(int Left, int Right)?> _merges = [];
    private readonly Dictionary<(int Left, int Right), int> _places = [];

    /// <summary>How many tokens there are.</summary>
    public int Count => _tokens.Count;

    /// <summary>The tokens by id.</summary>
    public IReadOnlyList<string> Tokens => _tokens;

    /// <summary>The ids by token.</summary>
    public Dictionary<string, int> Ids => _ids;

    /// <summary>The merges in order, as texts.</summary>
    public IEnumerable<(string Left, string Right)> Merges =>
        _merges.OfType<(int Left, int Right)>().Select(merge => (_tokens[merge.Left], _tokens[merge.Right]));

    /// <summary>The id of a token, which is added where it is new.</summary>
    public int Add(string token)
    {
        if (_ids.TryGetValue(token, out var id)) return id;
        id = _tokens.Count;
        _tokens.Add(token);
        _ids.Add(token, id);
        return id;
    }

    /// <summary>Whether a token is there.</summary>
    public bool Contains(string token) => _ids.ContainsKey(token);

    /// <summary>Lists a merge; one that was listed before (its token was made in two ways) counts where it came last, as with Hugging Face.</summary>
    public void ListMerge(int left, int right)
    {
        if (_places.TryGetValue((left, right), out var before)) _merges[before] = null;
        _places[(left, right)] = _merges.Count;
        _merges.Add((left, right));
    }
}
