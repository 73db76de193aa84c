namespace Ml.Llm.Tokenization;

/// <summary>
/// The rewriting of a text: what is written next to the text becomes the text at the end. Each unit is written with the
/// position of a unit of the text before, whose place it takes.
/// </summary>
internal sealed partial class AlignedText
{
    /// <summary>The source of what stands for nothing, at the beginning of the text.</summary>
    public const int Nothing = -1;

    // Steps that each make two units of one would fill any memory in a row; real ones make at most 54 of one (U+FDFA by NFKC, then
    // its bytes).
    private const int GrowthOfAll = 64;
    private const int LongestOfAny = 1 << 16;

    private char[] _nextUnits = [];
    private int[] _nextStarts = [];
    private int[] _nextEnds = [];
    private int _nextLength;
    private int _nextLeading;

    /// <summary>How many units have been written since <see cref="BeginRewrite"/>.</summary>
    public int Written => _nextLength;

    /// <summary>Begins a new version of the text.</summary>
    public void BeginRewrite()
    {
        (_nextLength, _nextLeading) = (0, 0);
        MakeRoom(_length);
    }

    /// <summary>Makes what was written the text.</summary>
    /// <exception cref="ModelFormatException">The text has become far longer than it was.</exception>
    public void EndRewrite()
    {
        if (_nextLength > _longest) throw TooLong();
        (_units, _nextUnits) = (_nextUnits, _units);
        (_starts, _nextStarts) = (_nextStarts, _starts);
        (_ends, _nextEnds) = (_nextEnds, _ends);
        (_length, _leading, _isUnmoved) = (_nextLength, _nextLeading, false);
    }

    /// <summary>Writes a part of the text as it is.</summary>
    public void Keep(int from, int to)
    {
        var length = to - from;
        if (length <= 0) return;
        MakeRoom(length);
        _units.AsSpan(from, length).CopyTo(_nextUnits.AsSpan(_nextLength));
        if (_nextLeading == _nextLength) _nextLeading += Math.Clamp(_leading - from, 0, length);
        if (KeepsPlaces && _isUnmoved)
        {
            for (var i = 0; i < length; i++) (_nextStarts[_nextLength + i], _nextEnds[_nextLength + i]) = (StartOf(from + i), EndOf(from + i));
        }
        else if (KeepsPlaces)
        {
            _starts.AsSpan(from, length).CopyTo(_nextStarts.AsSpan(_nextLength));
            _ends.AsSpan(from, length).CopyTo(_nextEnds.AsSpan(_nextLength));
        }

        _nextLength += length;
    }

    /// <summary>Writes a unit that takes the place of a unit of the text, or <see cref="Nothing"/>.</summary>
    public void Put(char unit, int source)
    {
        if (_nextLength == _nextUnits.Length) MakeRoom(1);
        if (_nextLeading == _nextLength && source < _leading && (source >= 0 || _origin == 0)) _nextLeading++;
        if (KeepsPlaces)
        {
            _nextStarts[_nextLength] = source < 0 ? _origin : StartOf(source);
            _nextEnds[_nextLength] = source < 0 ? _origin : EndOf(source);
        }

        _nextUnits[_nextLength++] = unit;
    }

    /// <summary>Writes a code point that takes the place of a unit of the text, or <see cref="Nothing"/>.</summary>
    public void Put(int codePoint, int source)
    {
        if (codePoint <= char.MaxValue)
        {
            Put((char)codePoint, source);
            return;
        }

        // The halves of a pair, by the formula of UTF-16.
        Put((char)((codePoint >> 10) + 0xD7C0), source);
        Put((char)(0xDC00 | (codePoint & 0x3FF)), source);
    }

    /// <summary>Writes text that all takes the place of a unit of the text, or <see cref="Nothing"/>.</summary>
    public void Put(ReadOnlySpan<char> units, int source)
    {
        MakeRoom(units.Length);
        foreach (var unit in units) Put(unit, source);
    }

    /// <summary>Writes a part of the text, all ASCII, through a table; what the table has U+FFFF for is left out.</summary>
    public void MapAscii(int from, int to, ReadOnlySpan<char> table)
    {
        MakeRoom(to - from);
        var slowly = KeepsPlaces ? to : Math.Min(to, _leading);
        for (; from < slowly; from++)
        {
            var mapped = table[_units[from]];
            if (mapped != LeftOut) Put(mapped, from);
        }

        if (from >= to) return;

        var target = _nextUnits.AsSpan(_nextLength);
        var count = 0;
        foreach (var unit in _units.AsSpan(from, to - from))
        {
            // Written in any case, and written over where it is left out: no branch to guess.
            var mapped = table[unit];
            target[count] = mapped;
            count += mapped != LeftOut ? 1 : 0;
        }

        _nextLength += count;
    }

    /// <summary>What a table has for a character that <see cref="MapAscii"/> leaves out.</summary>
    public const char LeftOut = '\uFFFF';

    private void MakeRoom(int length)
    {
        // One more than asked for: a unit that is left out may be written behind the last.
        var needed = checked(_nextLength + length + 1);

        // Room is asked for up to a whole text ahead: beyond twice the longest, the end will be beyond it.
        if (needed > (2 * _longest) + 1) throw TooLong();
        if (_nextUnits.Length < needed)
            Array.Resize(ref _nextUnits, Math.Max(RoomFor(needed), Math.Min(2 * _nextUnits.Length, Array.MaxLength)));
        if (!KeepsPlaces || _nextStarts.Length >= _nextUnits.Length) return;
        Array.Resize(ref _nextStarts, _nextUnits.Length);
        Array.Resize(ref _nextEnds, _nextUnits.Length);
    }

    private static ModelFormatException TooLong() => new(
        TokenizerFiles.Tokenizer,
        $"the normalizer or pre-tokenizer makes a text more than {GrowthOfAll} times as long as it was; take repeated or growing steps out of them");
}
