namespace Ml.Llm;

/// <summary>How much a model zip may hold before it is refused as damaged or hostile. See <see cref="LanguageModel.ExtractFromModelZip"/>.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed record ModelZipLimits
{
    /// <summary>The most entries (default 10,000).</summary>
    public int MaximumEntries { get; init; } = 10_000;

    /// <summary>The most bytes that all entries together may have when unpacked (default 256 GiB).</summary>
    public long MaximumBytes { get; init; } = 256L << 30;

    /// <summary>
    /// How many times larger than packed an entry may be unpacked (default 200; weights pack by 1.1). It counts only for entries
    /// over 64 MiB, since a small file may pack well.
    /// </summary>
    public int MaximumRatio { get; init; } = 200;

    /// <summary>Checks every limit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A limit is below 1; the message names it.</exception>
    public void Validate()
    {
        Check(MaximumEntries, nameof(MaximumEntries));
        Check(MaximumBytes, nameof(MaximumBytes));
        Check(MaximumRatio, nameof(MaximumRatio));
    }

    private static void Check(long value, string option)
    {
        if (value < 1)
            throw new ArgumentOutOfRangeException(option, value, $"{nameof(ModelZipLimits)}.{option} must be at least 1.");
    }
}
