namespace Ml.Llm.Tokenization;

/// <summary>What becomes of the matches at which a text is split.</summary>
internal enum SplitBehavior
{
    /// <summary>They vanish.</summary>
    Removed,

    /// <summary>Each is a piece.</summary>
    Isolated,

    /// <summary>Each ends the piece before it; a match right behind a match is a piece.</summary>
    MergedWithPrevious,

    /// <summary>Each begins the piece behind it; a match right before a match is a piece.</summary>
    MergedWithNext,

    /// <summary>Matches that touch are one piece.</summary>
    Contiguous,
}

/// <summary>
/// Makes pieces of the stretches of a text: told in order, all of them, each a match or what lies between two matches.
/// </summary>
internal ref struct PieceBuilder(SplitBehavior behavior, PieceList pieces)
{
    // The stretch that may still grow or be merged; none while the start is negative.
    private int _start = -1;
    private int _end;
    private bool _afterMatch;

    /// <summary>Adds a stretch; an empty match counts as a match all the same.</summary>
    public void Add(int start, int end, bool isMatch)
    {
        switch (behavior)
        {
            case SplitBehavior.Removed:
                if (!isMatch) pieces.Add(start, end);
                return;
            case SplitBehavior.Isolated:
                pieces.Add(start, end);
                return;
            case SplitBehavior.MergedWithPrevious:
                Extend(start, end, joins: isMatch && !_afterMatch);
                break;
            case SplitBehavior.MergedWithNext:
                Extend(start, end, joins: !isMatch && _afterMatch);
                break;
            default:
                Extend(start, end, joins: isMatch == _afterMatch);
                break;
        }

        _afterMatch = isMatch;
    }

    /// <summary>Ends the text.</summary>
    public void End()
    {
        if (_start >= 0) pieces.Add(_start, _end);
        (_start, _afterMatch) = (-1, false);
    }

    private void Extend(int start, int end, bool joins)
    {
        if (!joins || _start < 0)
        {
            if (_start >= 0) pieces.Add(_start, _end);
            _start = start;
        }

        _end = end;
    }
}
