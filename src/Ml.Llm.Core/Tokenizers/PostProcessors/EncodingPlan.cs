namespace Ml.Llm.Tokenization;

/// <summary>A post-processor's wish to leave white space out of offsets.</summary>
/// <param name="AddPrefixSpace">Whether the one leading space of a first token stays, since it may be one that was put in.</param>
/// <param name="FromFirst">Whether the token at index 0 counts as a first one wherever it begins: not behind a special token.</param>
internal readonly record struct OffsetTrim(bool AddPrefixSpace, bool FromFirst);

/// <summary>A place in an encoding: a sequence of the input, or special tokens.</summary>
internal sealed record PlanPiece
{
    /// <summary>Which sequence stands here, 0 or 1; -1: special tokens.</summary>
    public int Sequence { get; init; } = -1;

    /// <summary>The ids of the special tokens.</summary>
    public IReadOnlyList<int> Ids { get; init; } = [];

    /// <summary>Their spelling.</summary>
    public IReadOnlyList<string> Tokens { get; init; } = [];

    /// <summary>The type of the tokens here.</summary>
    public int TypeId { get; init; }

    /// <summary>Their type in windows behind the first: Hugging Face gives the template's types to the first alone.</summary>
    public int OverflowTypeId { get; init; }

    /// <summary>The sequence that the tokens count to, or null.</summary>
    public int? SequenceId { get; init; }

    /// <summary>How offsets are trimmed, one after the other.</summary>
    public IReadOnlyList<OffsetTrim> Trims { get; init; } = [];

    /// <summary>Whether a sequence stands here.</summary>
    public bool IsSequence => Sequence >= 0;

    /// <summary>A sequence as it comes from the model.</summary>
    public static PlanPiece OfSequence(int sequence) => new() { Sequence = sequence, TypeId = sequence, OverflowTypeId = sequence, SequenceId = sequence };

    /// <summary>Special tokens of a type.</summary>
    public static PlanPiece OfTokens(IReadOnlyList<int> ids, IReadOnlyList<string> tokens, int typeId) =>
        new() { Ids = ids, Tokens = tokens, TypeId = typeId, OverflowTypeId = typeId };
}

/// <summary>
/// What the post-processor makes of one or two sequences, whatever they hold: pieces in their order. It is worked out once,
/// so that each text costs only the filling in.
/// </summary>
/// <remarks>Pieces come in groups; a group has one sequence at most and is cut into windows as a whole.</remarks>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class EncodingPlan
{
    private const int TheSequence = -1;

    private readonly int[] _layout;

    private EncodingPlan(IReadOnlyList<PlanPiece[]> groups, int addedTokens)
    {
        (Groups, AddedTokens) = (groups, addedTokens);
        _layout = groups.SelectMany(group => group).SelectMany(piece => piece.IsSequence ? [TheSequence] : piece.Ids).ToArray();
        SequenceCount = _layout.Count(id => id == TheSequence);
    }

    /// <summary>The groups, each of pieces.</summary>
    public IReadOnlyList<PlanPiece[]> Groups { get; }

    /// <summary>How many special tokens are added: what truncation leaves room for.</summary>
    public int AddedTokens { get; }

    /// <summary>How often a sequence is put in.</summary>
    public int SequenceCount { get; }

    /// <summary>How many ids are not of a sequence.</summary>
    public int SpecialCount => _layout.Length - SequenceCount;

    /// <summary>Works a plan out.</summary>
    public static EncodingPlan Of(IPostProcessor? processor, bool pair, bool addSpecialTokens)
    {
        IReadOnlyList<PlanPiece[]> groups = pair ? [[PlanPiece.OfSequence(0)], [PlanPiece.OfSequence(1)]] : [[PlanPiece.OfSequence(0)]];
        return processor is null
            ? new EncodingPlan(groups, 0)
            : new EncodingPlan(processor.Arrange(groups, addSpecialTokens), addSpecialTokens ? processor.AddedTokens(pair) : 0);
    }

    /// <summary>Adds the ids of an encoding of one sequence to a list.</summary>
    /// <param name="sequence">The sequence's own ids.</param>
    /// <param name="ids">The list.</param>
    public void Frame(ReadOnlySpan<int> sequence, List<int> ids)
    {
        foreach (var id in _layout)
        {
            if (id == TheSequence) ids.AddRange(sequence);
            else ids.Add(id);
        }
    }
}
