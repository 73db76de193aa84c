namespace Ml.Llm.Tokenization;

/// <summary>How many tokens of one sequence or two are kept, by Hugging Face's rules.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class TokenTruncation
{
    /// <summary>The windows of the sequences.</summary>
    /// <param name="lengths">How many tokens each of them has.</param>
    /// <param name="added">How many special tokens come to them.</param>
    /// <param name="options">The truncation, or null for none.</param>
    /// <exception cref="ArgumentException">The sequences cannot be cut so.</exception>
    public static TokenWindows[] Windows(int[] lengths, int added, TruncationOptions? options)
    {
        if (options is null || options.MaxLength == int.MaxValue) return Array.ConvertAll(lengths, TokenWindows.Whole);
        var room = options.MaxLength - added;
        if (room < 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(options),
                options.MaxLength,
                $"A maximal length of {options.MaxLength} is out of range: {added} special tokens are added, which leaves no room. Ask for at least {added}, or for no special tokens.");
        }

        var kept = Kept(lengths, room, options.Strategy);
        return lengths.Select((length, i) => TokenWindows.Cut(length, kept[i], options)).ToArray();
    }

    private static int[] Kept(int[] lengths, int room, TruncationStrategy strategy)
    {
        var excess = lengths.Sum(length => (long)length) - room;
        if (excess <= 0) return lengths;
        if (room == 0) return new int[lengths.Length];
        if (strategy == TruncationStrategy.LongestFirst) return lengths is [_] ? [room] : Shared(lengths[0], lengths[1], room);

        var target = strategy == TruncationStrategy.OnlyFirst ? 0 : 1;
        if (target >= lengths.Length)
            throw new ArgumentException("The truncation cuts only the second sequence, but there is no second. Give a pair, or cut the longest first.", nameof(strategy));
        if (lengths[target] <= excess)
        {
            throw new ArgumentException(
                $"The truncation cuts only the {(target == 0 ? "first" : "second")} sequence, which has {lengths[target]} tokens and is too short: {excess} must go. Cut the longest first, or allow more tokens.",
                nameof(strategy));
        }

        var kept = (int[])lengths.Clone();
        kept[target] -= (int)excess;
        return kept;
    }

    /// <summary>The shorter sequence stays whole while the longer one can give way; else they share the room.</summary>
    private static int[] Shared(int first, int second, int room)
    {
        var (shorter, longer) = (Math.Min(first, second), Math.Max(first, second));
        longer = shorter > room ? shorter : Math.Max(shorter, room - shorter);
        if ((long)shorter + longer > room) (shorter, longer) = (room / 2, (room / 2) + (room % 2));
        return first > second ? [longer, shorter] : [shorter, longer];
    }
}
