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

    /// <summary>The token whose output stands for the whole text, put before it. Default null.</summary>
    public int? Cls { get; init; }

    /// <summary>The token that parts texts. Default null.</summary>
    public int? Sep { get; init; }

    /// <summary>The token that hides another one. Default null.</summary>
    public int? Mask { get; init; }

    /// <summary>Further tokens that the files call special, in their order. Default none.</summary>
    public IReadOnlyList<int> AdditionalSpecialTokens { get; init; } = [];

    /// <summary>Checks that no id is negative.</summary>
    /// <exception cref="ArgumentException">An id is negative, or the list of further ones is null.</exception>
    public void Validate()
    {
        Check(Bos, nameof(Bos));
        Check(Eos, nameof(Eos));
        Check(Pad, nameof(Pad));
        Check(Unknown, nameof(Unknown));
        Check(Cls, nameof(Cls));
        Check(Sep, nameof(Sep));
        Check(Mask, nameof(Mask));
        ArgumentNullException.ThrowIfNull(AdditionalSpecialTokens);
        foreach (var id in AdditionalSpecialTokens) Check(id, nameof(AdditionalSpecialTokens));
    }

    /// <summary>Whether all ids are the same.</summary>
    public bool Equals(SpecialTokenIds? other) =>
        other is not null
        && (Bos, Eos, Pad, Unknown, Cls, Sep, Mask) == (other.Bos, other.Eos, other.Pad, other.Unknown, other.Cls, other.Sep, other.Mask)
        && AdditionalSpecialTokens.SequenceEqual(other.AdditionalSpecialTokens);

    /// <summary>A hash of the ids.</summary>
    public override int GetHashCode() => HashCode.Combine(Bos, Eos, Pad, Unknown, Cls, Sep, Mask, AdditionalSpecialTokens.Count);

    private static void Check(int? id, string name)
    {
        if (id < 0) throw new ArgumentOutOfRangeException(name, id, "The id of a special token must be 0 or more.");
    }
}
