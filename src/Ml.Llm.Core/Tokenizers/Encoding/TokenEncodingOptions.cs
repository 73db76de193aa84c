namespace Ml.Llm;

/// <summary>How a text is encoded by <see cref="LanguageModelTokenizer.Encode(string, TokenEncodingOptions)"/> and its kin.</summary>
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

    /// <summary>How too many tokens are cut; null: as the tokenizer's file says; <see cref="TruncationOptions.None"/>: never. Default null.</summary>
    public TruncationOptions? Truncation { get; init; }

    /// <summary>How too few tokens are filled up; null: as the tokenizer's file says; <see cref="PaddingOptions.None"/>: never. Default null.</summary>
    public PaddingOptions? Padding { get; init; }

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">An option of the truncation or the padding is out of its range.</exception>
    public void Validate()
    {
        Truncation?.Validate();
        Padding?.Validate();
    }
}
