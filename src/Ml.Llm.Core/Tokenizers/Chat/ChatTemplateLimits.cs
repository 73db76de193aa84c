namespace Ml.Llm;

/// <summary>Bounds of what one rendering of a chat template may cost; what goes beyond ends in an error of kind <see cref="ChatTemplateErrorKind.Limit"/>.</summary>
/// <remarks>A template comes with a model, so it is input like any other: it must not hang or exhaust the process.</remarks>
/// <threadsafety>Immutable.</threadsafety>
public sealed record ChatTemplateLimits
{
    /// <summary>The longest template, in UTF-16 units. Default 1,048,576.</summary>
    public int MaxTemplateLength { get; init; } = 1 << 20;

    /// <summary>How deep blocks, parentheses and the like may nest in the template. Default 200.</summary>
    public int MaxTemplateNesting { get; init; } = 200;

    /// <summary>How many steps one rendering may take: expressions evaluated, statements executed, items made. Default 10,000,000.</summary>
    public int MaxSteps { get; init; } = 10_000_000;

    /// <summary>How deep evaluation may nest, calls of macros included. Default 1,000.</summary>
    public int MaxEvaluationDepth { get; init; } = 1000;

    /// <summary>How deep lists and mappings may nest in each other, in the conversation and in what the template makes. Default 100.</summary>
    public int MaxValueDepth { get; init; } = 100;

    /// <summary>The longest text that one rendering may make, the result included, in UTF-16 units. Default 8,388,608.</summary>
    public int MaxTextLength { get; init; } = 1 << 23;

    /// <summary>How much text one rendering may make in all, in UTF-16 units, counting what is thrown away again. Default 268,435,456.</summary>
    public long MaxTextTotal { get; init; } = 1L << 28;

    /// <summary>The longest <c>range()</c>. Default 100,000, as in Jinja's sandbox.</summary>
    public int MaxRangeLength { get; init; } = 100_000;

    /// <summary>The largest whole number, in bits; whole numbers have no other bound, as in Python. Default 4,096.</summary>
    public int MaxIntegerBits { get; init; } = 4096;

    /// <summary>Checks that every limit is above zero.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A limit is zero or less.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxTemplateLength);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxTemplateNesting);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxSteps);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxEvaluationDepth);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxValueDepth);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxTextLength);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxTextTotal);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxRangeLength);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxIntegerBits);
    }
}
