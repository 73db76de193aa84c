namespace Ml.Llm.Tokenization;

/// <summary>
/// A text on its way through the parts, with the place in the original of each of its UTF-16 units. Where nobody asks for
/// places it keeps none. The buffers are kept and filled again, so that a text costs no allocation.
/// </summary>
/// <remarks>
/// <para>The text is always well formed: a lone surrogate becomes U+FFFD when it is loaded, one unit for one.</para>
/// <para>A place is a range [start, end) of the original, always whole characters; all units of a character have the same.
/// Places never go back, and units that were put in share the place of a neighbour. Until the first step that moves units
/// they are not stored: a unit stands for the character that it belongs to.</para>
/// </remarks>
/// <threadsafety>Belongs to one thread at a time.</threadsafety>
internal sealed partial class AlignedText
{
    private const int FirstCapacity = 1 << 12;
    private const int KeptCapacity = 1 << 20;
    private const char Replacement = '\uFFFD';

    private char[] _units = new char[FirstCapacity];
    private int[] _starts = [];
    private int[] _ends = [];
    private int _length;

    // How long this text may become, by the length of what it was loaded with.
    private long _longest;

    // Units below this stand for the very first character of the original, also where no places are kept.
    private int _leading;

    // While true, unit i stands for the character at place _shift + i.
    private bool _isUnmoved;
    private int _shift;

    // Where the original of this text begins.
    private int _origin;

    /// <summary>Whether places are kept.</summary>
    public bool KeepsPlaces { get; private set; }

    /// <summary>How many UTF-16 units there are now.</summary>
    public int Length => _length;

    /// <summary>The text as it is now; invalid once it is rewritten.</summary>
    public ReadOnlySpan<char> Units => _units.AsSpan(0, _length);

    /// <summary>
    /// The same for writing: a character may be replaced by one of as many units, which stands for the same place.
    /// </summary>
    public Span<char> ReplaceableUnits => _units.AsSpan(0, _length);

    /// <summary>Takes a stretch of an original text.</summary>
    /// <param name="text">The stretch.</param>
    /// <param name="at">Where it lies in the original.</param>
    /// <param name="keepsPlaces">Whether places will be asked for.</param>
    public void Load(ReadOnlySpan<char> text, int at, bool keepsPlaces)
    {
        if (_units.Length < text.Length) _units = new char[RoomFor(text.Length)];
        text.CopyTo(_units);
        _longest = LongestOfAny + (GrowthOfAll * (long)text.Length);
        (_length, _shift, _origin, _isUnmoved, KeepsPlaces) = (text.Length, at, at, true, keepsPlaces);
        ReplaceLoneSurrogates(_units.AsSpan(0, _length));
        _leading = at > 0 || _length == 0 ? 0 : LengthAt(0);
    }

    /// <summary>Takes a part of another text, with its places.</summary>
    public void Load(AlignedText other, int start, int end)
    {
        var length = end - start;
        if (_units.Length < length) _units = new char[RoomFor(length)];
        other._units.AsSpan(start, length).CopyTo(_units);
        _longest = other._longest;
        (_length, _isUnmoved, KeepsPlaces) = (length, other._isUnmoved, other.KeepsPlaces);
        _shift = other._shift + start;
        _leading = Math.Clamp(other._leading - start, 0, length);
        // Without places only this is known, and asked for: whether it is the beginning.
        if (!KeepsPlaces) _origin = start < other._leading ? 0 : 1;
        else _origin = length == 0 ? other._origin : other.StartOf(start);
        if (!KeepsPlaces || _isUnmoved) return;
        if (_starts.Length < length) (_starts, _ends) = (new int[_units.Length], new int[_units.Length]);
        other._starts.AsSpan(start, length).CopyTo(_starts);
        other._ends.AsSpan(start, length).CopyTo(_ends);
    }

    /// <summary>Whether a unit stands for the very first character of the original; works without places.</summary>
    public bool StandsForFirst(int unit) => unit < _leading;

    /// <summary>Where in the original the character begins that a unit stands for.</summary>
    public int StartOf(int unit) => _isUnmoved ? _shift + unit - (char.IsLowSurrogate(_units[unit]) ? 1 : 0) : _starts[unit];

    /// <summary>Where in the original the character ends that a unit stands for.</summary>
    public int EndOf(int unit) => _isUnmoved ? _shift + unit + (char.IsHighSurrogate(_units[unit]) ? 2 : 1) : _ends[unit];

    /// <summary>Whether the units before and after a position stand for the same character of the original.</summary>
    public bool IsInsideCharacter(int position) => position > 0 && position < _length && StartOf(position) < EndOf(position - 1);

    /// <summary>How many units the character at a position has.</summary>
    public int LengthAt(int position) => char.IsHighSurrogate(_units[position]) ? 2 : 1;

    /// <summary>The code point at a position.</summary>
    public int CodePointAt(int position)
    {
        var unit = _units[position];
        return char.IsHighSurrogate(unit) ? char.ConvertToUtf32(unit, _units[position + 1]) : unit;
    }

    /// <summary>Lets go of buffers that a giant text has grown.</summary>
    public void Trim()
    {
        if (_units.Length > KeptCapacity) (_units, _starts, _ends, _length) = (new char[FirstCapacity], [], [], 0);
        if (_nextUnits.Length > KeptCapacity) (_nextUnits, _nextStarts, _nextEnds) = ([], [], []);
    }

    private static int RoomFor(int length) => Math.Max(FirstCapacity, checked(length + (length / 4) + 16));

    private static void ReplaceLoneSurrogates(Span<char> units)
    {
        var position = 0;
        while (true)
        {
            var next = units[position..].IndexOfAnyInRange('\uD800', '\uDFFF');
            if (next < 0) return;
            position += next;
            if (char.IsHighSurrogate(units[position]) && position + 1 < units.Length && char.IsLowSurrogate(units[position + 1]))
            {
                position += 2;
                continue;
            }

            units[position++] = Replacement;
        }
    }
}
