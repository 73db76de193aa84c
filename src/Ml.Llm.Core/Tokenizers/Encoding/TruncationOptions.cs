namespace Ml.Llm;

/// <summary>Which of two sequences is cut where a pair is too long.</summary>
public enum TruncationStrategy
{
    /// <summary>The longer one, until both are equally long; then both.</summary>
    LongestFirst,

    /// <summary>The first one only.</summary>
    OnlyFirst,

    /// <summary>The second one only.</summary>
    OnlySecond,
}

/// <summary>On which side tokens are cut off.</summary>
public enum TruncationDirection
{
    /// <summary>At the end.</summary>
    Right,

    /// <summary>At the beginning.</summary>
    Left,
}

/// <summary>How an encoding with too many tokens is cut. What is cut off is in <see cref="TokenEncoding.Overflowing"/>.</summary>
/// <threadsafety>Immutable.</threadsafety>
public sealed record TruncationOptions
{
    /// <summary>No truncation, whatever the tokenizer's file says.</summary>
    public static TruncationOptions None { get; } = new() { MaxLength = int.MaxValue };

    /// <summary>How many tokens there are at most, added special tokens included. Default 512.</summary>
    public int MaxLength { get; init; } = 512;

    /// <summary>Which sequence of a pair is cut; a text alone is cut by each but <see cref="TruncationStrategy.OnlySecond"/>. Default longest first.</summary>
    public TruncationStrategy Strategy { get; init; }

    /// <summary>On which side tokens are cut off. Default right.</summary>
    public TruncationDirection Direction { get; init; }

    /// <summary>
    /// How many tokens a window shares with the one before it. Must be smaller than the room that special tokens leave
    /// where something is cut. Default 0.
    /// </summary>
    public int Stride { get; init; }

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">A number is negative, or a value is none of its enumeration.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(MaxLength);
        ArgumentOutOfRangeException.ThrowIfNegative(Stride);
        if (!Enum.IsDefined(Strategy)) throw new ArgumentOutOfRangeException(nameof(Strategy), Strategy, "The strategy is not known.");
        if (!Enum.IsDefined(Direction)) throw new ArgumentOutOfRangeException(nameof(Direction), Direction, "The direction is not known.");
    }
}
