namespace Ml.Llm.Tokenization;

/// <summary>How many code points a node can match: Least to Most, Most -1 without limit.</summary>
internal readonly record struct PatternWidth(int Least, int Most)
{
    private const int Unlimited = -1;

    // Widths beyond this are as good as without limit, and sums of them must not overflow.
    private const int Large = 1 << 24;

    /// <summary>What <c>\R</c> can begin with.</summary>
    public static CodePointSet LineBreaks { get; } = CodePointSet.Range('\n', '\r').Union(CodePointSet.Of(0x85, 0x2028, 0x2029));

    public static PatternWidth Of(PatternNode node) => node switch
    {
        SetNode => new PatternWidth(1, 1),
        SequenceNode sequence => sequence.Parts.Select(Of).Aggregate(default(PatternWidth), static (sum, part) => sum.Plus(part)),
        AlternationNode alternation => alternation.Choices.Select(Of).Aggregate(static (all, choice) => all.Or(choice)),
        RepeatNode repeat => Of(repeat.Body).Times(repeat.Least, repeat.Most),
        CaptureNode capture => Of(capture.Body),
        AtomicNode atomic => Of(atomic.Body),
        LineBreakNode => new PatternWidth(1, 2),
        GraphemeNode => new PatternWidth(1, Unlimited),
        _ => default,
    };

    private PatternWidth Plus(PatternWidth other) =>
        new(Math.Min(Least + other.Least, Large), Most < 0 || other.Most < 0 ? Unlimited : Limit((long)Most + other.Most));

    private PatternWidth Or(PatternWidth other) =>
        new(Math.Min(Least, other.Least), Most < 0 || other.Most < 0 ? Unlimited : Math.Max(Most, other.Most));

    private PatternWidth Times(int least, int most) => new(
        (int)Math.Min((long)Least * least, Large),
        Most == 0 || most == 0 ? 0 : Most < 0 || most < 0 ? Unlimited : Limit((long)Most * most));

    private static int Limit(long most) => most > Large ? Unlimited : (int)most;
}
