namespace Ml.Llm;

/// <summary>On which side tokens are filled up.</summary>
public enum PaddingDirection
{
    /// <summary>At the end.</summary>
    Right,

    /// <summary>At the beginning.</summary>
    Left,
}

/// <summary>How an encoding with too few tokens is filled up. What fills it has 0 in <see cref="TokenEncoding.AttentionMask"/>.</summary>
/// <threadsafety>Immutable.</threadsafety>
public sealed record PaddingOptions
{
    /// <summary>No padding, whatever the tokenizer's file says.</summary>
    public static PaddingOptions None { get; } = new() { Length = 0, PadId = 0, PadToken = "" };

    /// <summary>To how many tokens; null: as many as the longest encoding of the batch has. Default null.</summary>
    public int? Length { get; init; }

    /// <summary>On which side. Default right.</summary>
    public PaddingDirection Direction { get; init; }

    /// <summary>The length becomes a multiple of this; null or 0: of 1. Default null.</summary>
    public int? PadToMultipleOf { get; init; }

    /// <summary>The id that fills; null: the tokenizer's own (<see cref="SpecialTokenIds.Pad"/>). Default null.</summary>
    public int? PadId { get; init; }

    /// <summary>The type of what fills. Default 0.</summary>
    public int PadTypeId { get; init; }

    /// <summary>The token that fills; null: as the vocabulary spells the id. Default null.</summary>
    public string? PadToken { get; init; }

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">A number is negative, or the direction is not known.</exception>
    public void Validate()
    {
        if (Length is { } length) ArgumentOutOfRangeException.ThrowIfNegative(length, nameof(Length));
        if (PadToMultipleOf is { } multiple) ArgumentOutOfRangeException.ThrowIfNegative(multiple, nameof(PadToMultipleOf));
        if (PadId is { } id) ArgumentOutOfRangeException.ThrowIfNegative(id, nameof(PadId));
        ArgumentOutOfRangeException.ThrowIfNegative(PadTypeId);
        if (!Enum.IsDefined(Direction)) throw new ArgumentOutOfRangeException(nameof(Direction), Direction, "The direction is not known.");
    }

    /// <summary>The length that encodings are padded to, of which the longest has so many tokens.</summary>
    /// <exception cref="ArgumentException">There is no such length.</exception>
    internal int LengthFor(int longest)
    {
        var length = Length ?? longest;
        if (PadToMultipleOf is not { } multiple || multiple == 0 || length % multiple == 0) return length;
        var padded = length + (long)multiple - (length % multiple);
        return padded <= Array.MaxLength
            ? (int)padded
            : throw new ArgumentException($"No encoding of {length} tokens can be padded to a multiple of {multiple}: that is too long. Set a smaller PadToMultipleOf.");
    }
}
