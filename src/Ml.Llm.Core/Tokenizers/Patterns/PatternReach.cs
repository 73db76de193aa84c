namespace Ml.Llm.Tokenization;

/// <summary>Works out which code points can come first when matching goes on at an instruction.</summary>
/// <threadsafety>One object a pattern and a thread.</threadsafety>
internal sealed class PatternReach(List<PatternInstruction> instructions, List<CodePointSet?> sets)
{
    // A set that takes longer to find, or has more ranges to put together, is not worth having.
    private const int MostSteps = 100;
    private const int MostRanges = 4096;

    private readonly HashSet<int> _seen = [];
    private readonly Stack<int> _open = new();

    /// <summary>The set; null where matching may end there without any, or where that is not known.</summary>
    public CodePointSet? FirstAt(int start)
    {
        _seen.Clear();
        _open.Clear();
        _open.Push(start);
        var ranges = new List<(int, int)>();
        while (_open.TryPop(out var at))
        {
            if (!_seen.Add(at)) continue;
            if (_seen.Count > MostSteps || !Follow(at, ranges) || ranges.Count > MostRanges) return null;
        }

        return CodePointSet.OfRanges(ranges);
    }

    private bool Follow(int at, List<(int, int)> ranges)
    {
        var instruction = instructions[at];
        switch (instruction.Operation)
        {
            case PatternOperation.Text:
                var first = CodePoints.At(instruction.Text, 0, out _);
                ranges.Add((first, first));
                return true;
            case PatternOperation.Set or PatternOperation.LineBreak or PatternOperation.Grapheme:
                sets[at]!.AddTo(ranges);
                return true;
            case PatternOperation.Run:
                sets[at]!.AddTo(ranges);
                if (instruction.A == 0) _open.Push(at + 1);
                return true;
            case PatternOperation.Split:
                _open.Push(instruction.A);
                _open.Push(instruction.B);
                return true;
            case PatternOperation.Jump or PatternOperation.EnterAhead or PatternOperation.EnterNotAhead
                or PatternOperation.EnterBehind or PatternOperation.EnterNotBehind:
                _open.Push(instruction.A);
                return true;
            case PatternOperation.EndRound:
                _open.Push(instruction.B);
                _open.Push(at + 1);
                return true;
            case PatternOperation.Place or PatternOperation.Ahead or PatternOperation.Behind
                or PatternOperation.BeginRound or PatternOperation.EnterAtomic:
                _open.Push(at + 1);
                return true;
            default:
                // The end of the match, or of a look-around's body.
                return false;
        }
    }
}
