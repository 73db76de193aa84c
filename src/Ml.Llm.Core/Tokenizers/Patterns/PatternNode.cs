namespace Ml.Llm.Tokenization;

/// <summary>A piece of a parsed pattern.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal abstract record PatternNode;

/// <summary>One code point out of a set; a literal has a set of one.</summary>
internal sealed record SetNode(CodePointSet Set) : PatternNode;

/// <summary>One after the other; none: matches the empty text.</summary>
internal sealed record SequenceNode(IReadOnlyList<PatternNode> Parts) : PatternNode
{
    public static SequenceNode Empty { get; } = new([]);
}

/// <summary>The first that leads to a match.</summary>
internal sealed record AlternationNode(IReadOnlyList<PatternNode> Choices) : PatternNode;

/// <summary>Least to Most times (Most is -1 without limit); Position is that of the quantifier in the pattern.</summary>
internal sealed record RepeatNode(PatternNode Body, int Least, int Most, RepeatKind Kind, int Position) : PatternNode;

/// <summary>A group that captures; nothing is captured here, but some places refuse such groups.</summary>
internal sealed record CaptureNode(PatternNode Body) : PatternNode;

/// <summary>A group that keeps the first way in which it matches.</summary>
internal sealed record AtomicNode(PatternNode Body) : PatternNode;

/// <summary>Look-ahead or look-behind.</summary>
internal sealed record LookNode(PatternNode Body, bool Behind, bool Negative) : PatternNode;

/// <summary>A place in the text.</summary>
internal sealed record PlaceNode(PatternPlace Place) : PatternNode;

/// <summary>A line break (<c>\R</c>): CR LF, or one of LF, VT, FF, CR, NEL, LS, PS.</summary>
internal sealed record LineBreakNode : PatternNode;

/// <summary>A grapheme cluster (<c>\X</c>).</summary>
internal sealed record GraphemeNode : PatternNode;

/// <summary>In which order a repeat tries how often.</summary>
internal enum RepeatKind
{
    /// <summary>As often as possible first.</summary>
    Greedy,

    /// <summary>As seldom as possible first.</summary>
    Lazy,

    /// <summary>As often as possible, and never less.</summary>
    Possessive,
}

/// <summary>The places that a pattern can ask for.</summary>
internal enum PatternPlace
{
    /// <summary>The start of the text, or after a line feed that does not end the text (<c>^</c>).</summary>
    LineStart,

    /// <summary>The end of the text, or before a line feed (<c>$</c>).</summary>
    LineEnd,

    /// <summary><c>\A</c>.</summary>
    TextStart,

    /// <summary><c>\z</c>.</summary>
    TextEnd,

    /// <summary>The end of the text, or before a line feed that ends it (<c>\Z</c>).</summary>
    TextEndOrLastLineFeed,

    /// <summary><c>\b</c>.</summary>
    WordBoundary,

    /// <summary><c>\B</c>.</summary>
    NoWordBoundary,
}
