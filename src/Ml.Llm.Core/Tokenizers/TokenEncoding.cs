namespace Ml.Llm;

/// <summary>How a text is encoded by <see cref="LanguageModelTokenizer.Encode"/>.</summary>
/// <threadsafety>Immutable.</threadsafety>
public sealed record TokenEncodingOptions
{
    /// <summary>Puts the tokens around the text that the tokenizer's post-processor asks for. Default true.</summary>
    public bool AddSpecialTokens { get; init; } = true;

    /// <summary>
    /// Takes the text of a special token within the text for that token. Default false: what a user writes cannot spell
    /// one. Set it for texts of your own making only, such as a filled chat template.
    /// </summary>
    public bool ParseSpecialTokens { get; init; }

    /// <summary>Checks the options; every combination is allowed.</summary>
    public void Validate()
    {
    }
}

/// <summary>A text as tokens. All lists have one entry a token, but <see cref="Offsets"/>, which has two.</summary>
/// <threadsafety>Immutable.</threadsafety>
public sealed class TokenEncoding
{
    internal TokenEncoding(int[] ids, string[] tokens, int[] offsets, int?[] words, int[] typeIds, bool[] isSpecial)
    {
        Ids = ids;
        Tokens = tokens;
        Offsets = offsets;
        Words = words;
        TypeIds = typeIds;
        IsSpecial = isSpecial;
    }

    /// <summary>The ids.</summary>
    public IReadOnlyList<int> Ids { get; }

    /// <summary>The tokens as the vocabulary spells them.</summary>
    public IReadOnlyList<string> Tokens { get; }

    /// <summary>
    /// Start and end of each token in the text, in UTF-16 units: start 0, end 0, start 1, end 1, and so on. A token that is
    /// part of a character has that whole character; an added special token has 0, 0.
    /// </summary>
    public IReadOnlyList<int> Offsets { get; }

    /// <summary>The number of the piece of text that each token comes from; null for an added special token.</summary>
    public IReadOnlyList<int?> Words { get; }

    /// <summary>The type of the sequence that each token belongs to.</summary>
    public IReadOnlyList<int> TypeIds { get; }

    /// <summary>Whether each token was added by the post-processor.</summary>
    public IReadOnlyList<bool> IsSpecial { get; }
}
