using Ml.Llm.Tokenization;

namespace Ml.Llm;

/// <summary>A text, or a pair of texts, as tokens. All lists have one entry a token, but <see cref="Offsets"/>, which has two.</summary>
/// <remarks>
/// Two encodings of the same text are equal in their lists, not as objects. Where tokens were cut off, the encoding keeps all
/// tokens of the text for <see cref="Overflowing"/>.
/// </remarks>
/// <threadsafety>Immutable.</threadsafety>
public sealed class TokenEncoding
{
    internal TokenEncoding(TokenLists lists, IReadOnlyList<TokenEncoding> overflowing)
    {
        Ids = lists.Ids;
        Tokens = lists.Tokens;
        Offsets = lists.Offsets;
        Words = lists.Words;
        TypeIds = lists.TypeIds;
        IsSpecial = lists.IsSpecial;
        AttentionMask = lists.AttentionMask;
        SequenceIds = lists.SequenceIds;
        Overflowing = overflowing;
    }

    /// <summary>The ids.</summary>
    public IReadOnlyList<int> Ids { get; }

    /// <summary>The tokens as the vocabulary spells them.</summary>
    public IReadOnlyList<string> Tokens { get; }

    /// <summary>
    /// Start and end of each token in the text that it belongs to (or in its word, where words were given), in UTF-16 units:
    /// start 0, end 0, start 1, end 1, and so on. A token that is part of a character has that whole character; an added
    /// special token and one that fills have 0, 0.
    /// </summary>
    public IReadOnlyList<int> Offsets { get; }

    /// <summary>The number of the piece of text, or of the given word, that each token comes from; null for an added special token.</summary>
    public IReadOnlyList<int?> Words { get; }

    /// <summary>The type of the sequence that each token belongs to.</summary>
    public IReadOnlyList<int> TypeIds { get; }

    /// <summary>Whether each token was added: by the post-processor, or to fill (Hugging Face's special_tokens_mask).</summary>
    public IReadOnlyList<bool> IsSpecial { get; }

    /// <summary>1 for each token, 0 for each that fills.</summary>
    public IReadOnlyList<int> AttentionMask { get; }

    /// <summary>0 for tokens of the first text, 1 for those of the second, null for added ones.</summary>
    public IReadOnlyList<int?> SequenceIds { get; }

    /// <summary>
    /// The windows that truncation cut off, in their order; where both texts of a pair were cut, each window of the one with
    /// each of the other. Empty where nothing was cut.
    /// </summary>
    /// <remarks>Each encoding is made anew when it is asked for, so that windows that overlap cost no memory before.</remarks>
    public IReadOnlyList<TokenEncoding> Overflowing { get; }
}
