using System.Globalization;

namespace Ml.Llm;

/// <summary>A regular expression of a tokenizer is wrong, or uses something that is not supported.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed class PatternException : LlmException
{
    internal PatternException(string pattern, int position, string problem)
        : base(string.Create(CultureInfo.InvariantCulture, $"Pattern {Shorten(pattern)}, position {position}: {problem}."))
    {
        Pattern = pattern;
        Position = position;
    }

    /// <summary>The whole pattern.</summary>
    public string Pattern { get; }

    /// <summary>Where in the pattern the problem is, in UTF-16 units from 0.</summary>
    public int Position { get; }

    internal static string Shorten(string pattern) => pattern.Length <= 200 ? pattern : $"{pattern.AsSpan(0, 200)}...";
}

/// <summary>A regular expression of a tokenizer took more steps than its limit, which grows with the length of the text.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed class PatternLimitException : LlmException
{
    internal PatternLimitException(string pattern, int textLength, long limit)
        : base(string.Create(CultureInfo.InvariantCulture,
            $"Pattern {PatternException.Shorten(pattern)} took more than {limit} steps on a text of {textLength} UTF-16 units. Simplify the pattern (repeats within repeats inside look-around or atomic groups are what costs), or give shorter texts."))
    {
        Pattern = pattern;
        Limit = limit;
    }

    /// <summary>The whole pattern.</summary>
    public string Pattern { get; }

    /// <summary>How many steps were allowed.</summary>
    public long Limit { get; }
}
