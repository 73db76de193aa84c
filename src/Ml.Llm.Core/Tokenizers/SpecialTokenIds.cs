namespace Ml.Llm;

/// <summary>The ids of the tokens that have a meaning; null where there is none.</summary>
/// <remarks>A tokenizer of another library, which does not say them itself, is given them by this record.</remarks>
/// <threadsafety>Immutable.</threadsafety>
public sealed record SpecialTokenIds
{
    /// <summary>The token that begins a text. Default null.</summary>
    public int? Bos { get; init; }

    /// <summary>The token that ends a text. Default null.</summary>
    public int? Eos { get; init; }

    /// <summary>The token that fills short rows. Default null.</summary>
    public int? Pad { get; init; }

    /// <summary>The token for what is not in the vocabulary. Default null.</summary>
    public int? Unknown { get; init; }

    /// <summary>Checks that no id is negative.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is negative.</exception>
    public void Validate()
    {
        Check(Bos, nameof(Bos));
        Check(Eos, nameof(Eos));
        Check(Pad, nameof(Pad));
        Check(Unknown, nameof(Unknown));
    }

    private static void Check(int? id, string name)
    {
        if (id < 0) throw new ArgumentOutOfRangeException(name, id, "The id of a special token must be 0 or more.");
    }
}
