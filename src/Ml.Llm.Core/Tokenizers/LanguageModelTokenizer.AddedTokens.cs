using Ml.Llm.Tokenization;

namespace Ml.Llm;

public sealed partial class LanguageModelTokenizer
{
    /// <summary>A tokenizer with more tokens, which are found in texts as wholes. This one stays as it is.</summary>
    /// <param name="tokens">
    /// The tokens. One that the vocabulary has keeps its id and is found as a whole from now on; any other gets the next free
    /// id. One that was added before gets the new flags.
    /// </param>
    /// <exception cref="ArgumentNullException">The tokens are null.</exception>
    /// <exception cref="ArgumentException">A token is null or its content is null or empty, or ids would grow too large.</exception>
    public LanguageModelTokenizer AddTokens(IEnumerable<AddedTokenOptions> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        var numbering = new AddedTokenNumbering(Pipeline.Model);
        numbering.Keep(Pipeline.AddedTokens);
        foreach (var token in tokens)
        {
            if (token is null) throw new ArgumentException("A token is null.", nameof(tokens));
            token.Validate();
            numbering.Add(new AddedToken(
                0, token.Content, token.SingleWord, token.Lstrip, token.Rstrip, token.Normalized ?? !token.Special, token.Special));
        }

        if (numbering.Tokens.Any(token => token.Id > TokenizerJsonReader.LargestId))
            throw new ArgumentException($"The ids of tokens reach to {TokenizerJsonReader.LargestId} at most; add fewer.", nameof(tokens));
        return new LanguageModelTokenizer(Pipeline.WithAddedTokens(numbering.Tokens), SpecialTokens, MaxLength, _sideFiles);
    }

    /// <summary>A tokenizer with more tokens, which are found in texts as wholes. This one stays as it is.</summary>
    /// <param name="tokens">The tokens.</param>
    /// <param name="special">Whether they have a meaning, such as the end of a turn: see <see cref="AddedTokenOptions.Special"/>.</param>
    /// <exception cref="ArgumentNullException">The tokens are null.</exception>
    /// <exception cref="ArgumentException">A token is null or empty, or ids would grow too large.</exception>
    public LanguageModelTokenizer AddTokens(IEnumerable<string> tokens, bool special = false)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        return AddTokens(tokens.Select(token => new AddedTokenOptions(token) { Special = special }));
    }

    /// <summary>A tokenizer with other special ids, such as that of a padding token that was added. This one stays as it is.</summary>
    /// <param name="ids">The ids.</param>
    /// <exception cref="ArgumentNullException">The ids are null.</exception>
    /// <exception cref="ArgumentException">An id is negative, or stands for no token.</exception>
    public LanguageModelTokenizer WithSpecialTokens(SpecialTokenIds ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        ids.Validate();
        foreach (var id in SpecialTokenName.All.Select(name => name.Get(ids)).Concat(ids.AdditionalSpecialTokens.Select(id => (int?)id)))
        {
            if (id is { } known && TokenOf(known) is null) throw new ArgumentException($"The id {known} stands for no token of this vocabulary.", nameof(ids));
        }

        return new LanguageModelTokenizer(Pipeline, ids, MaxLength, _sideFiles);
    }
}
