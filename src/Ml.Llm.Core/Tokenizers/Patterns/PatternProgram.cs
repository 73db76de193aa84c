namespace Ml.Llm.Tokenization;

/// <summary>What an instruction of a compiled pattern does.</summary>
internal enum PatternOperation : byte
{
    /// <summary>The whole pattern has matched.</summary>
    Match,

    /// <summary>The units of Text.</summary>
    Text,

    /// <summary>One code point of Set.</summary>
    Set,

    /// <summary>A to B code points of Set (B -1: without limit), in the order of Kind. Follow: what can begin what comes after.</summary>
    Run,

    /// <summary>Try A, then B. Set and Follow: what A and B can begin with, null where they may match nothing.</summary>
    Split,

    /// <summary>Go to A.</summary>
    Jump,

    /// <summary>The place (PatternPlace) A.</summary>
    Place,

    /// <summary>Whether a code point of Set comes next (A 0), or none does (A 1).</summary>
    Ahead,

    /// <summary>Whether a code point of Set comes before (A 0), or none does (A 1).</summary>
    Behind,

    /// <summary>A line break.</summary>
    LineBreak,

    /// <summary>A grapheme cluster.</summary>
    Grapheme,

    /// <summary>A round of a loop begins: keep the position in register A.</summary>
    BeginRound,

    /// <summary>A round ends: go back to B, or on where it has matched nothing since BeginRound of register A.</summary>
    EndRound,

    /// <summary>Atomic group up to its Leave.</summary>
    EnterAtomic,

    /// <summary>Look-ahead up to its Leave; goes on at A.</summary>
    EnterAhead,

    /// <summary>Negative look-ahead up to its Leave; goes on at A.</summary>
    EnterNotAhead,

    /// <summary>Look-behind of B to C code points (C -1: without limit) up to its Leave; goes on at A.</summary>
    EnterBehind,

    /// <summary>Negative look-behind, likewise.</summary>
    EnterNotBehind,

    /// <summary>The body of the innermost Enter has matched.</summary>
    Leave,
}

/// <summary>One instruction; what its fields mean is told by <see cref="PatternOperation"/>.</summary>
internal struct PatternInstruction
{
    public PatternOperation Operation;
    public RepeatKind Kind;

    /// <summary>The number of the instruction among those that remember where they failed; -1 for others.</summary>
    public int Memory;

    /// <summary>The register of the innermost loop around it whose rounds may match nothing, or -1.</summary>
    public int Loop;
    public int A;
    public int B;
    public int C;
    public string? Text;
    public CodePointClass? Set;
    public CodePointClass? Follow;
}

/// <summary>A compiled pattern.</summary>
/// <param name="Instructions">The instructions, run from the first.</param>
/// <param name="First">What a match can begin with; null where it may match nothing.</param>
/// <param name="OuterLoops">For each register, that of the loop around its loop, or -1.</param>
/// <param name="Memories">How many kinds of place there are to remember failures of.</param>
internal sealed record PatternProgram(PatternInstruction[] Instructions, CodePointClass? First, int[] OuterLoops, int Memories);
