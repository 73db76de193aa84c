using Way = Ml.Llm.Tokenization.PatternScratch.Way;

namespace Ml.Llm.Tokenization;

/// <summary>One search of a compiled pattern in a text.</summary>
/// <threadsafety>Lives on the stack of one thread.</threadsafety>
internal ref struct PatternRun
{
    // Searches that stay below this do without memory, which nearly all do.
    private const long StepsBeforeMemory = 4096;
    private const int NoEnclosure = -1;

    private readonly PatternProgram _program;
    private readonly ReadOnlySpan<char> _text;
    private readonly PatternScratch _scratch;
    private readonly long _limit;
    private long _steps;
    private long _pause;
    private bool _remembers;

    // The entry on the stack of the innermost atomic group or look-around that matching is in.
    private int _enclosure;

    public PatternRun(PatternProgram program, ReadOnlySpan<char> text, PatternScratch scratch, long limit)
    {
        _program = program;
        _text = text;
        _scratch = scratch;
        _limit = limit;
        _steps = scratch.Steps;
        _pause = Math.Min(limit, program.Memories > 0 ? _steps + StepsBeforeMemory : limit);
        _enclosure = NoEnclosure;
    }

    /// <summary>Whether a match was given up because it took too many steps.</summary>
    public readonly bool IsOverLimit => _steps > _limit;

    /// <summary>Gives back what the search used.</summary>
    public readonly void End()
    {
        _scratch.Steps = _steps;
        if (_remembers) _scratch.Memory.End();
        _scratch.End();
    }

    /// <summary>Whether the pattern matches at a position.</summary>
    public bool Match(int start, out int end)
    {
        var at = 0;
        var position = start;
        Restart();
        var instructions = _program.Instructions;
        while (true)
        {
            if (++_steps > _pause)
            {
                if (_remembers || _steps > _limit)
                {
                    // The sum may have passed the pause by far, so the mark is set rather than left.
                    _steps = Math.Max(_steps, _limit + 1);
                    break;
                }

                // What this search has tried so far is tried once more, and remembered from now on.
                _remembers = true;
                _pause = _limit;
                _scratch.Memory.Begin(_program.Memories, _text.Length);
                Restart();
                (at, position) = (0, start);
            }

            ref readonly var instruction = ref instructions[at];
            bool matches;
            switch (instruction.Operation)
            {
                case PatternOperation.Match:
                    end = position;
                    return true;
                case PatternOperation.Text:
                    matches = _text[position..].StartsWith(instruction.Text);
                    position += instruction.Text!.Length;
                    at++;
                    break;
                case PatternOperation.Set:
                    matches = TakeOne(instruction.Set!, ref position);
                    at++;
                    break;
                case PatternOperation.Run:
                    matches = TakeRun(instruction, at, ref position);
                    at++;
                    break;
                case PatternOperation.Split:
                    matches = Choose(instruction, ref at, position);
                    break;
                case PatternOperation.Jump:
                    at = instruction.A;
                    matches = true;
                    break;
                case PatternOperation.Place:
                    matches = PatternPlaces.IsAt((PatternPlace)instruction.A, _text, position);
                    at++;
                    break;
                case PatternOperation.Ahead:
                    matches = (position < _text.Length && instruction.Set!.Matches(_text, position, out _)) == (instruction.A == 0);
                    at++;
                    break;
                case PatternOperation.Behind:
                    matches = (position > 0 && instruction.Set!.MatchesBefore(_text, position)) == (instruction.A == 0);
                    at++;
                    break;
                case PatternOperation.LineBreak:
                    matches = TakeLineBreak(instruction.Set!, ref position);
                    at++;
                    break;
                case PatternOperation.Grapheme:
                    matches = position < _text.Length;
                    if (matches) position = UnicodeTables.GraphemeEnd(_text, position);
                    at++;
                    break;
                case PatternOperation.BeginRound:
                    _scratch.Push(Way.Restore, instruction.A, _scratch.Registers[instruction.A]);
                    _scratch.Registers[instruction.A] = position;
                    at++;
                    matches = true;
                    break;
                case PatternOperation.EndRound:
                    at = position == _scratch.Registers[instruction.A] ? at + 1 : instruction.B;
                    matches = true;
                    break;
                case PatternOperation.EnterBehind or PatternOperation.EnterNotBehind:
                    matches = EnterBehind(instruction, ref at, ref position);
                    break;
                case PatternOperation.Leave:
                    matches = Leave(ref at, ref position);
                    break;
                default:
                    Enter(at, position, start: position, width: 0);
                    at++;
                    matches = true;
                    break;
            }

            if (!matches && !Backtrack(ref at, ref position)) break;
        }

        end = -1;
        return false;
    }

    private void Restart()
    {
        _scratch.CutTo(0);
        _enclosure = NoEnclosure;
    }

    /// <summary>
    /// Whether a place is to be tried: not if this search has tried it. What follows a place depends on nothing but the loops
    /// around it whose present round has matched nothing yet, which are the innermost ones. Inside enclosures more counts.
    /// </summary>
    private readonly bool IsNew(in PatternInstruction instruction, int position)
    {
        if (!_remembers || _enclosure != NoEnclosure) return true;
        var memory = instruction.Memory;
        for (var loop = instruction.Loop; loop >= 0 && _scratch.Registers[loop] == position; loop = _program.OuterLoops[loop]) memory++;
        return _scratch.Memory.Note(memory, position);
    }

    private readonly bool CanFollow(CodePointClass? follow, int position) =>
        follow is null || (position < _text.Length && follow.Matches(_text, position, out _));

    private readonly bool TakeOne(CodePointClass set, ref int position)
    {
        if (position >= _text.Length || !set.Matches(_text, position, out var length)) return false;
        position += length;
        return true;
    }

    private readonly bool TakeLineBreak(CodePointClass set, ref int position)
    {
        if (_text[position..].StartsWith("\r\n"))
        {
            position += 2;
            return true;
        }

        return TakeOne(set, ref position);
    }

    private readonly bool Choose(in PatternInstruction instruction, ref int at, int position)
    {
        if (!IsNew(instruction, position)) return false;
        if (!CanFollow(instruction.Set, position))
        {
            at = instruction.B;
            return true;
        }

        if (CanFollow(instruction.Follow, position)) _scratch.Push(Way.Resume, instruction.B, position);
        at = instruction.A;
        return true;
    }

    private bool TakeRun(in PatternInstruction run, int at, ref int position)
    {
        var set = run.Set!;
        for (var taken = 0; taken < run.A; taken++)
        {
            if (!TakeOne(set, ref position)) return false;
        }

        if (run.Kind == RepeatKind.Lazy) return PassLazily(run, at, ref position, run.B < 0 ? int.MaxValue : run.B - run.A);

        var start = position;
        var isEndless = run.B < 0;
        for (var left = run.B - run.A; left != 0; left--)
        {
            if (isEndless && _remembers && !IsNew(run, position))
            {
                // From here on all has failed, so only what comes before is left to try.
                if (position == start || run.Kind == RepeatKind.Possessive) return false;
                _steps += position - start;
                return GiveBack(run, at, ref position, start);
            }

            if (!TakeOne(set, ref position)) break;
        }

        _steps += position - start;
        if (run.Kind == RepeatKind.Greedy && position > start) _scratch.Push(Way.GiveBack, at, position, start);
        return true;
    }

    /// <summary>One code point less than the run has now, or fewer, until what follows can begin.</summary>
    private bool GiveBack(in PatternInstruction run, int at, ref int position, int least)
    {
        do
        {
            CodePoints.Before(_text, position, out var length);
            position -= length;
            _steps++;
            if (!CanFollow(run.Follow, position)) continue;
            if (position > least) _scratch.Push(Way.GiveBack, at, position, least);
            return true;
        }
        while (position > least);

        return false;
    }

    /// <summary>Goes on behind a lazy run, as soon as what follows can begin; it may take up to so many code points more.</summary>
    private bool PassLazily(in PatternInstruction run, int at, ref int position, int left)
    {
        while (true)
        {
            if (run.B < 0 && !IsNew(run, position)) return false;
            if (CanFollow(run.Follow, position))
            {
                if (left > 0) _scratch.Push(Way.TakeMore, at, position, left);
                return true;
            }

            _steps++;
            if (left == 0 || !TakeOne(run.Set!, ref position)) return false;
            if (run.B >= 0) left--;
        }
    }

    private void Enter(int at, int position, int start, int width)
    {
        _scratch.Push(Way.Outer, width, start, _enclosure);
        _scratch.Push(Way.Enclosure, at, position);
        _enclosure = _scratch.Count - 1;
    }

    private bool EnterBehind(in PatternInstruction instruction, ref int at, ref int position)
    {
        var start = position;
        for (var width = 0; width < instruction.B; width++)
        {
            if (start == 0) return FailBehind(instruction, ref at);
            CodePoints.Before(_text, start, out var length);
            start -= length;
        }

        Enter(at, position, start, instruction.B);
        position = start;
        at++;
        return true;
    }

    /// <summary>No start of a look-behind is left: that is what a negative one asks for.</summary>
    private static bool FailBehind(in PatternInstruction instruction, ref int at)
    {
        if (instruction.Operation == PatternOperation.EnterBehind) return false;
        at = instruction.A;
        return true;
    }

    private bool Leave(ref int at, ref int position)
    {
        var (_, enterAt, entered, _) = _scratch[_enclosure];
        ref readonly var enter = ref _program.Instructions[enterAt];
        var isBehind = enter.Operation is PatternOperation.EnterBehind or PatternOperation.EnterNotBehind;
        if (isBehind && position != entered) return false;

        var outer = _enclosure - 1;
        _enclosure = _scratch[outer].Extra;
        _scratch.CutTo(outer);
        if (enter.Operation is PatternOperation.EnterNotAhead or PatternOperation.EnterNotBehind) return false;
        if (enter.Operation == PatternOperation.EnterAhead) position = entered;
        at = enter.A;
        return true;
    }

    /// <summary>Takes up the last way not yet tried; false where there is none.</summary>
    private bool Backtrack(ref int at, ref int position)
    {
        var instructions = _program.Instructions;
        while (_scratch.TryPop(out var entry))
        {
            _steps++;
            (at, position) = (entry.At, entry.Position);
            switch (entry.Way)
            {
                case Way.Resume:
                    return true;
                case Way.GiveBack:
                    if (!GiveBack(instructions[at], at, ref position, entry.Extra)) break;
                    at++;
                    return true;
                case Way.TakeMore:
                    var left = instructions[at].B < 0 ? entry.Extra : entry.Extra - 1;
                    if (!TakeOne(instructions[at].Set!, ref position) || !PassLazily(instructions[at], at, ref position, left)) break;
                    at++;
                    return true;
                case Way.Restore:
                    _scratch.Registers[at] = position;
                    break;
                case Way.Enclosure:
                    _scratch.TryPop(out var outer);
                    _enclosure = outer.Extra;
                    if (GoOnAfterBody(instructions[at], outer, ref at, ref position)) return true;
                    break;
                default:
                    throw new InvalidOperationException($"A {entry.Way} lies alone on the stack.");
            }
        }

        return false;
    }

    /// <summary>The body of an enclosure has failed for good: a negative look-ahead goes on, a look-behind tries the next start.</summary>
    private bool GoOnAfterBody(in PatternInstruction enter, PatternScratch.Entry outer, ref int at, ref int position)
    {
        switch (enter.Operation)
        {
            case PatternOperation.EnterNotAhead:
                at = enter.A;
                return true;
            case PatternOperation.EnterBehind or PatternOperation.EnterNotBehind:
                var (_, width, start, _) = outer;
                if (start == 0 || width == enter.C) return FailBehind(enter, ref at);
                CodePoints.Before(_text, start, out var length);
                Enter(at, position, start - length, width + 1);
                position = start - length;
                at++;
                return true;
            default:
                return false;
        }
    }
}
