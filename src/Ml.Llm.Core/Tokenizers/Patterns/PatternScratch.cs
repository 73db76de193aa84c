namespace Ml.Llm.Tokenization;

/// <summary>What a thread needs to run patterns, used again and again: the stack of ways not yet tried, registers, memory.</summary>
/// <threadsafety>One object a thread.</threadsafety>
internal sealed class PatternScratch
{
    private const int MostEntriesKept = 1 << 14;

    [ThreadStatic]
    private static PatternScratch? t_current;

    private Entry[] _stack = new Entry[256];
    private int _count;
    private int[] _registers = [];

    private CodePointRegex? _owner;
    private int _textLength;
    private int _lastFrom;

    /// <summary>What an entry of the stack stands for.</summary>
    public enum Way : byte
    {
        /// <summary>Go on at an instruction and position.</summary>
        Resume,

        /// <summary>A greedy run may give back code points down to a position.</summary>
        GiveBack,

        /// <summary>A lazy run may take so many more.</summary>
        TakeMore,

        /// <summary>A register gets its old value back.</summary>
        Restore,

        /// <summary>Belongs to the Enclosure above it: the enclosure around, the start and width tried by a look-behind.</summary>
        Outer,

        /// <summary>The body of an atomic group or look-around has no further way.</summary>
        Enclosure,
    }

    public static PatternScratch Current => t_current ??= new PatternScratch();

    public FailureMemory Memory { get; } = new();

    /// <summary>Steps taken on this text so far.</summary>
    public long Steps { get; set; }

    public int Count => _count;

    public int[] Registers => _registers;

    public ref Entry this[int index] => ref _stack[index];

    /// <summary>
    /// Begins a search. Searches that walk through one text share its limit of steps; a text is taken for the same one while
    /// pattern and length are the same and the searches go forward.
    /// </summary>
    public void Begin(CodePointRegex owner, int registers, int textLength, int from)
    {
        var goesOn = ReferenceEquals(owner, _owner) && textLength == _textLength && from > 0 && from >= _lastFrom;
        if (!goesOn) Steps = 0;
        (_owner, _textLength, _lastFrom) = (owner, textLength, from);
        if (_registers.Length < registers) _registers = new int[registers];
        _count = 0;
    }

    public void End()
    {
        if (_stack.Length > MostEntriesKept) _stack = new Entry[MostEntriesKept];
    }

    public void Push(Way way, int at, int position, int extra = 0)
    {
        if (_count == _stack.Length) Array.Resize(ref _stack, _count * 2);
        _stack[_count++] = new Entry(way, at, position, extra);
    }

    public bool TryPop(out Entry entry)
    {
        if (_count == 0)
        {
            entry = default;
            return false;
        }

        entry = _stack[--_count];
        return true;
    }

    public void CutTo(int count) => _count = count;

    /// <summary>A way not yet tried: an instruction (or register), a position, and a number that depends on the way.</summary>
    public readonly record struct Entry(Way Way, int At, int Position, int Extra);
}
