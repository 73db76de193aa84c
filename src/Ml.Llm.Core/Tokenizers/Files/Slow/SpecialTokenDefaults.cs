namespace Ml.Llm.Tokenization;

/// <summary>The special tokens that a class of Transformers has where no file says others.</summary>
/// <param name="MaskStripsLeft">Whether the mask takes the white space before it.</param>
/// <param name="Tokens">Keys such as bos_token, with their tokens.</param>
/// <threadsafety>Immutable.</threadsafety>
internal sealed record SpecialTokenDefaults(bool MaskStripsLeft, params (string Key, string Token)[] Tokens)
{
    // The order in which tokens that the vocabulary lacks get their ids.
    private static readonly string[] s_order = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

    /// <summary>A class that has none.</summary>
    public static SpecialTokenDefaults None { get; } = new(MaskStripsLeft: false);

    /// <summary>The token of a key, as the files or this class say; null: there is none.</summary>
    public AddedToken? TokenOf(string key, TokenizerSettings settings)
    {
        var token = settings.TryGetToken(key, out var said)
            ? said
            : Tokens.Where(usual => usual.Key == key).Select(usual => new AddedToken(0, usual.Token)).FirstOrDefault();
        return token is not null && key == "mask_token" && MaskStripsLeft ? token with { StripsLeft = true } : token;
    }

    /// <summary>All added tokens of a tokenizer, with their ids.</summary>
    /// <param name="model">The model, whose own tokens keep their ids.</param>
    /// <param name="files">The files, whose settings name tokens.</param>
    /// <param name="ofVocabulary">Tokens that the vocabulary itself says to cut out first.</param>
    /// <exception cref="ModelFormatException">A token would get another id than the files say.</exception>
    public IReadOnlyList<AddedToken> Number(ITokenModel model, SlowTokenizerFiles files, params IEnumerable<AddedToken> ofVocabulary)
    {
        var (numbering, settings) = (new AddedTokenNumbering(model), files.Settings);
        foreach (var token in ofVocabulary.Concat(settings.Numbered)) Add(token);
        foreach (var key in s_order)
            if (TokenOf(key, settings) is { } token)
                Add(token);
        foreach (var token in settings.Additional) Add(token);

        var ids = numbering.Tokens.ToDictionary(token => token.Content, token => token.Id);
        foreach (var token in settings.Numbered)
        {
            if (ids.TryGetValue(token.Content, out var id) && id != token.Id)
                throw new ModelFormatException(files.Folder, $"the added token \"{token.Content}\" is said to have the id {token.Id}, but with this vocabulary it has {id}");
        }

        var clash = numbering.Tokens.FirstOrDefault(token => model.TokenOf(token.Id) is { } own && own != token.Content);
        return clash is null
            ? numbering.Tokens
            : throw new ModelFormatException(files.Folder, $"the ids of the vocabulary have holes: the added token \"{clash.Content}\" would have the id of \"{model.TokenOf(clash.Id)}\"");

        void Add(AddedToken token)
        {
            if (token.Content.Length > 0) numbering.Add(token);
        }
    }
}
