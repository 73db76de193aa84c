using System.Runtime.InteropServices;

namespace Ml.Llm.Tokenization;

/// <summary>Gives added tokens their ids as Hugging Face does: the model's own, else the next free one behind all others.</summary>
/// <threadsafety>Belongs to one thread at a time.</threadsafety>
internal sealed class AddedTokenNumbering(ITokenModel model)
{
    private readonly Dictionary<string, int> _places = [];
    private readonly List<AddedToken> _tokens = [];
    private int _largest = -1;

    /// <summary>The tokens so far, in the order in which they came.</summary>
    public IReadOnlyList<AddedToken> Tokens => _tokens;

    /// <summary>Takes tokens that have their ids.</summary>
    public void Keep(IEnumerable<AddedToken> tokens)
    {
        foreach (var token in tokens)
        {
            _places.Add(token.Content, _tokens.Count);
            _tokens.Add(token);
            _largest = Math.Max(_largest, token.Id);
        }
    }

    /// <summary>Adds a token, whatever id it brings; one that is there already gets the new flags and keeps its id.</summary>
    public void Add(AddedToken token)
    {
        ref var place = ref CollectionsMarshal.GetValueRefOrAddDefault(_places, token.Content, out var isThere);
        if (isThere)
        {
            _tokens[place] = token with { Id = _tokens[place].Id };
            return;
        }

        var id = model.IdOf(token.Content) ?? (_largest >= model.Count ? _largest + 1 : model.Count);
        place = _tokens.Count;
        _largest = Math.Max(_largest, id);
        _tokens.Add(token with { Id = id });
    }
}
