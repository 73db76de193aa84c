namespace Ml.Llm;

/// <summary>How text is cleaned. See <see cref="LlmTransformsCatalog.CleanText(CleanTextOptions)"/>.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed record CleanTextOptions
{
    /// <summary>The column of text that is read (default "Text").</summary>
    public string InputColumnName { get; init; } = "Text";

    /// <summary>The column that is added; null (the default) gives it the input's name, which then hides the input.</summary>
    public string? OutputColumnName { get; init; }

    /// <summary>Whether the text is brought to Unicode's normal form C, so that equal letters are equal characters (default true).</summary>
    public bool NormalizeUnicode { get; init; } = true;

    /// <summary>
    /// Whether runs of spaces and tabs become one space, and none stay at the beginning of lines (default true). Set it to false
    /// to keep the indentation of code. None stay at the end of lines either way.
    /// </summary>
    public bool CollapseSpaces { get; init; } = true;

    /// <summary>The most line breaks that stay in a row (default 2, which is one empty line; 0 turns every line break into a space).</summary>
    public int MaximumLineBreaks { get; init; } = 2;

    internal string OutputName => OutputColumnName ?? InputColumnName;

    /// <summary>Checks every option.</summary>
    /// <exception cref="ArgumentException">An option is not usable; the message names it.</exception>
    public void Validate()
    {
        Check(!string.IsNullOrEmpty(InputColumnName), nameof(InputColumnName), "must name a column");
        Check(OutputColumnName is not { Length: 0 }, nameof(OutputColumnName), "must be null or name a column");
        Check(MaximumLineBreaks >= 0, nameof(MaximumLineBreaks), "must be at least 0");
    }

    private static void Check(bool holds, string option, string rule)
    {
        if (!holds)
            throw new ArgumentException($"{nameof(CleanTextOptions)}.{option} {rule}.", option);
    }
}
