using System.Globalization;
using System.Text;

namespace Ml.Llm.Tokenization;

/// <summary>Turns nodes into instructions.</summary>
/// <threadsafety>One object a pattern and a thread.</threadsafety>
internal sealed class PatternCompiler
{
    private const int MostInstructions = 20_000;
    private const int MostNodes = 200_000;
    private const int MostBitmaps = 64;

    private readonly string _pattern;
    private readonly List<PatternInstruction> _instructions = [];
    private readonly Dictionary<CodePointSet, CodePointClass> _classes = [];
    private readonly List<CodePointSet?> _sets = [];
    private readonly List<int> _outerLoops = [];
    private int _loop = -1;
    private int _nodes;
    private int _repeatPosition;

    private PatternCompiler(string pattern) => _pattern = pattern;

    /// <summary>Compiles a pattern.</summary>
    /// <exception cref="PatternException">It grows too large, by repeats of repeats.</exception>
    public static PatternProgram Compile(string pattern, PatternNode root)
    {
        var compiler = new PatternCompiler(pattern);
        compiler.Emit(root);
        compiler.Add(PatternOperation.Match);
        return compiler.Finish();
    }

    private int Add(PatternOperation operation, int a = 0, int b = 0, int c = 0, CodePointSet? set = null, string? text = null, RepeatKind kind = default)
    {
        if (_instructions.Count == MostInstructions) throw TooLarge();
        _instructions.Add(new PatternInstruction
        {
            Operation = operation,
            Kind = kind,
            Memory = -1,
            Loop = _loop,
            A = a,
            B = b,
            C = c,
            Text = text,
            Set = set is null ? null : ClassOf(set),
        });
        _sets.Add(set);
        return _instructions.Count - 1;
    }

    private PatternException TooLarge() => new(_pattern, _repeatPosition, string.Create(CultureInfo.InvariantCulture,
        $"the pattern is too large: with its repeats written out it takes more than {MostInstructions} instructions"));

    private CodePointClass ClassOf(CodePointSet set)
    {
        if (!_classes.TryGetValue(set, out var ready))
            _classes[set] = ready = new CodePointClass(set, withBitmap: _classes.Count < MostBitmaps);
        return ready;
    }

    private void SetTargets(int at, int? a = null, int? b = null)
    {
        var instruction = _instructions[at];
        instruction.A = a ?? instruction.A;
        instruction.B = b ?? instruction.B;
        _instructions[at] = instruction;
    }

    private void Emit(PatternNode node)
    {
        // Repeats of what matches nothing add no instruction, so the nodes are counted too.
        if (++_nodes > MostNodes) throw TooLarge();
        switch (node)
        {
            case SetNode { Set.Single: var single and >= 0 }:
                Add(PatternOperation.Text, text: TextOf(single));
                break;
            case SetNode set:
                Add(PatternOperation.Set, set: set.Set);
                break;
            case SequenceNode sequence:
                EmitSequence(sequence.Parts);
                break;
            case AlternationNode alternation when SingleSetOf(alternation) is { } set:
                Emit(new SetNode(set));
                break;
            case AlternationNode alternation:
                EmitAlternation(alternation.Choices);
                break;
            case RepeatNode repeat:
                EmitRepeat(repeat);
                break;
            case CaptureNode capture:
                Emit(capture.Body);
                break;
            case AtomicNode atomic:
                EmitEnclosed(PatternOperation.EnterAtomic, atomic.Body, 0, 0);
                break;
            case LookNode look:
                EmitLook(look);
                break;
            case PlaceNode place:
                Add(PatternOperation.Place, (int)place.Place);
                break;
            case LineBreakNode:
                Add(PatternOperation.LineBreak, set: PatternWidth.LineBreaks);
                break;
            case GraphemeNode:
                Add(PatternOperation.Grapheme, set: CodePointSet.All);
                break;
            default:
                throw new InvalidOperationException($"{node.GetType().Name} has no instructions.");
        }
    }

    /// <summary>Neighbouring literals become one text.</summary>
    private void EmitSequence(IReadOnlyList<PatternNode> parts)
    {
        var text = new StringBuilder();
        foreach (var part in parts)
        {
            if (part is SetNode { Set.Single: var single and >= 0 })
            {
                text.Append(TextOf(single));
                continue;
            }

            EmitText();
            Emit(part);
        }

        EmitText();

        void EmitText()
        {
            if (text.Length > 0) Add(PatternOperation.Text, text: text.ToString());
            text.Clear();
        }
    }

    private static string TextOf(int codePoint) => codePoint < 0x10000 ? ((char)codePoint).ToString() : char.ConvertFromUtf32(codePoint);

    private static CodePointSet? SingleSetOf(PatternNode node) => node switch
    {
        SetNode set => set.Set,
        CaptureNode capture => SingleSetOf(capture.Body),
        AlternationNode alternation => UnionOf(alternation.Choices),
        _ => null,
    };

    private static CodePointSet? UnionOf(IReadOnlyList<PatternNode> choices)
    {
        var ranges = new List<(int, int)>();
        foreach (var choice in choices)
        {
            if (SingleSetOf(choice) is not { } set) return null;
            set.AddTo(ranges);
        }

        return CodePointSet.OfRanges(ranges);
    }

    private void EmitAlternation(IReadOnlyList<PatternNode> choices)
    {
        var ends = new List<int>();
        for (var i = 0; i < choices.Count; i++)
        {
            var isLast = i == choices.Count - 1;
            var split = isLast ? -1 : Add(PatternOperation.Split, _instructions.Count + 1);
            Emit(choices[i]);
            if (isLast) break;
            ends.Add(Add(PatternOperation.Jump));
            SetTargets(split, b: _instructions.Count);
        }

        foreach (var end in ends) SetTargets(end, a: _instructions.Count);
    }

    private void EmitRepeat(RepeatNode repeat)
    {
        var outer = _repeatPosition;
        _repeatPosition = repeat.Position;
        if (repeat.Most == 0)
        {
            // {0} matches nothing, whatever it repeats.
        }
        else if (SingleSetOf(repeat.Body) is { } set)
        {
            Add(PatternOperation.Run, repeat.Least, repeat.Most, set: set, kind: repeat.Kind);
        }
        else if (repeat.Kind == RepeatKind.Possessive)
        {
            EmitEnclosed(PatternOperation.EnterAtomic, repeat with { Kind = RepeatKind.Greedy }, 0, 0);
        }
        else
        {
            EmitCopies(repeat);
        }

        _repeatPosition = outer;
    }

    private void EmitCopies(RepeatNode repeat)
    {
        var isLazy = repeat.Kind == RepeatKind.Lazy;
        for (var i = 0; i < repeat.Least; i++) Emit(repeat.Body);
        if (repeat.Most < 0)
        {
            EmitLoop(repeat.Body, isLazy);
            return;
        }

        var splits = new List<int>();
        for (var i = repeat.Least; i < repeat.Most; i++)
        {
            splits.Add(Add(PatternOperation.Split));
            SetChoice(splits[^1], inside: _instructions.Count);
            Emit(repeat.Body);
        }

        foreach (var split in splits) SetChoice(split, outside: _instructions.Count);

        void SetChoice(int split, int? inside = null, int? outside = null) =>
            SetTargets(split, a: isLazy ? outside : inside, b: isLazy ? inside : outside);
    }

    private void EmitLoop(PatternNode body, bool isLazy)
    {
        var split = Add(PatternOperation.Split);
        var inside = _instructions.Count;
        if (PatternWidth.Of(body).Least == 0)
        {
            var register = _outerLoops.Count;
            _outerLoops.Add(_loop);
            _loop = register;
            Add(PatternOperation.BeginRound, register);
            Emit(body);
            Add(PatternOperation.EndRound, register, split);
            _loop = _outerLoops[register];
        }
        else
        {
            Emit(body);
            Add(PatternOperation.Jump, split);
        }

        var outside = _instructions.Count;
        SetTargets(split, isLazy ? outside : inside, isLazy ? inside : outside);
    }

    private void EmitLook(LookNode look)
    {
        if (SingleSetOf(look.Body) is { } set)
        {
            Add(look.Behind ? PatternOperation.Behind : PatternOperation.Ahead, look.Negative ? 1 : 0, set: set);
            return;
        }

        var width = PatternWidth.Of(look.Body);
        var operation = (look.Behind, look.Negative) switch
        {
            (false, false) => PatternOperation.EnterAhead,
            (false, true) => PatternOperation.EnterNotAhead,
            (true, false) => PatternOperation.EnterBehind,
            _ => PatternOperation.EnterNotBehind,
        };
        EmitEnclosed(operation, look.Body, width.Least, width.Most);
    }

    private void EmitEnclosed(PatternOperation operation, PatternNode body, int least, int most)
    {
        var enter = Add(operation, 0, least, most);
        Emit(body);
        Add(PatternOperation.Leave);
        SetTargets(enter, a: _instructions.Count);
    }

    /// <summary>Works out what can follow each choice, and numbers what remembers its failures.</summary>
    private PatternProgram Finish()
    {
        var reach = new PatternReach(_instructions, _sets);
        var memories = 0;
        for (var at = 0; at < _instructions.Count; at++)
        {
            var instruction = _instructions[at];
            if (instruction.Operation == PatternOperation.Split)
            {
                instruction.Set = OptionalClass(reach.FirstAt(instruction.A));
                instruction.Follow = OptionalClass(reach.FirstAt(instruction.B));
                instruction.Memory = memories;
                memories += 1 + LoopsAround(instruction);
            }
            else if (instruction.Operation == PatternOperation.Run)
            {
                var follow = reach.FirstAt(at + 1);
                instruction.Follow = OptionalClass(follow);
                // Nothing inside the run can begin what follows: there is no use in giving any of it back.
                if (instruction.Kind == RepeatKind.Greedy && follow is not null && follow.Intersect(_sets[at]!).Ends.IsEmpty)
                    instruction.Kind = RepeatKind.Possessive;
                if (instruction.B < 0)
                {
                    instruction.Memory = memories;
                    memories += 1 + LoopsAround(instruction);
                }
            }

            _instructions[at] = instruction;
        }

        return new PatternProgram([.. _instructions], OptionalClass(reach.FirstAt(0)), [.. _outerLoops], memories);
    }

    private int LoopsAround(in PatternInstruction instruction)
    {
        var count = 0;
        for (var loop = instruction.Loop; loop >= 0; loop = _outerLoops[loop]) count++;
        return count;
    }

    private CodePointClass? OptionalClass(CodePointSet? set) => set is null ? null : ClassOf(set);
}
