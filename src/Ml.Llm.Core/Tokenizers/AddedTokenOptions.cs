namespace Ml.Llm;

/// <summary>A token that is added to a tokenizer and cut out of texts before anything else looks at them.</summary>
/// <remarks>Names and meaning are those of Hugging Face's AddedToken.</remarks>
/// <threadsafety>Immutable.</threadsafety>
public sealed record AddedTokenOptions
{
    /// <summary>Makes the options of a token.</summary>
    /// <param name="content">Its text.</param>
    public AddedTokenOptions(string content) => Content = content;

    /// <summary>Its text.</summary>
    public string Content { get; init; }

    /// <summary>Found only where no word character stands beside it. Default false.</summary>
    public bool SingleWord { get; init; }

    /// <summary>Takes the white space before it. Default false.</summary>
    public bool Lstrip { get; init; }

    /// <summary>Takes the white space behind it. Default false.</summary>
    public bool Rstrip { get; init; }

    /// <summary>Looked for in the normalized text instead of the text itself; null: where it is not special. Default null.</summary>
    public bool? Normalized { get; init; }

    /// <summary>Has a meaning, such as the end of a turn: users' text does not spell it unless asked, and decoding can leave it out. Default false.</summary>
    public bool Special { get; init; }

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">The content is null or empty.</exception>
    public void Validate() => ArgumentException.ThrowIfNullOrEmpty(Content);
}
