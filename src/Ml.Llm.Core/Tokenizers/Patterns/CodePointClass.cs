namespace Ml.Llm.Tokenization;

/// <summary>A set of code points made ready for matching: two words of bits for ASCII, a bitmap or a search beyond.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class CodePointClass
{
    private readonly ulong _low;
    private readonly ulong _high;
    private readonly ulong[]? _basicPlane;
    private readonly CodePointSet _set;

    /// <param name="set">The members.</param>
    /// <param name="withBitmap">Whether to spend 8 KB on a bitmap of U+0000-U+FFFF, where members lie beyond ASCII.</param>
    public CodePointClass(CodePointSet set, bool withBitmap)
    {
        _set = set;
        var ends = set.Ends;
        if (withBitmap && ends.Length > 0 && ends[^1] >= 0x80) _basicPlane = new ulong[0x10000 / 64];
        Span<ulong> ascii = stackalloc ulong[2];
        for (var i = 0; i < ends.Length; i += 2)
        {
            var last = Math.Min(ends[i + 1], _basicPlane is null ? 0x7F : 0xFFFF);
            for (var codePoint = ends[i]; codePoint <= last; codePoint++)
            {
                var bit = 1UL << (codePoint & 63);
                if (codePoint < 0x80) ascii[codePoint >> 6] |= bit;
                if (_basicPlane is not null) _basicPlane[codePoint >> 6] |= bit;
            }
        }

        (_low, _high) = (ascii[0], ascii[1]);
    }

    /// <summary>Whether the code point at a position inside a text is a member, and how many units it takes.</summary>
    public bool Matches(ReadOnlySpan<char> text, int position, out int length)
    {
        var unit = text[position];
        if (unit < 0x80)
        {
            length = 1;
            return ((unit < 64 ? _low : _high) >> (unit & 63) & 1) != 0;
        }

        return Contains(CodePoints.At(text, position, out length));
    }

    /// <summary>Whether the code point before a position greater than 0 is a member.</summary>
    public bool MatchesBefore(ReadOnlySpan<char> text, int position) => Contains(CodePoints.Before(text, position, out _));

    private bool Contains(int codePoint) => _basicPlane is not null && codePoint < 0x10000
        ? (_basicPlane[codePoint >> 6] >> (codePoint & 63) & 1) != 0
        : _set.Contains(codePoint);
}
