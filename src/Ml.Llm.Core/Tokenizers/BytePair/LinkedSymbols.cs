using System.Buffers;

namespace Ml.Llm.Tokenization;

/// <summary>The symbols of a word as a linked list, so that two become one without moving the others.</summary>
/// <threadsafety>Belongs to one call.</threadsafety>
internal ref struct LinkedSymbols
{
    private readonly Span<int> _ids;
    private readonly Span<int> _ends;
    private readonly int[] _next;
    private readonly int[] _previous;

    /// <summary>Links symbols that follow each other.</summary>
    public LinkedSymbols(Span<int> ids, Span<int> ends)
    {
        _ids = ids;
        _ends = ends;
        _next = ArrayPool<int>.Shared.Rent(ids.Length);
        _previous = ArrayPool<int>.Shared.Rent(ids.Length);
        for (var i = 0; i < ids.Length; i++) (_next[i], _previous[i]) = (i + 1, i - 1);
    }

    /// <summary>The symbol after one, or -1: at the end, or where the symbol itself has gone into another.</summary>
    public readonly int After(int position)
    {
        var next = _next[position];
        return next == position || next >= _ids.Length ? -1 : next;
    }

    /// <summary>The symbol before one, or -1.</summary>
    public readonly int Before(int position) => _previous[position];

    /// <summary>Lets a symbol and the one after it become one, at the place of the first.</summary>
    public readonly void Merge(int position, int right, int merged)
    {
        _ids[position] = merged;
        _ends[position] = _ends[right];
        var after = _next[right];
        _next[position] = after;
        _next[right] = right;
        if (after < _ids.Length) _previous[after] = position;
    }

    /// <summary>Moves what is left to the front.</summary>
    /// <returns>How many symbols are left.</returns>
    public readonly int Pack()
    {
        var kept = 0;
        for (var i = 0; i < _ids.Length; i = _next[i], kept++) (_ids[kept], _ends[kept]) = (_ids[i], _ends[i]);
        return kept;
    }

    /// <summary>Gives the rented arrays back.</summary>
    public readonly void Dispose()
    {
        ArrayPool<int>.Shared.Return(_next);
        ArrayPool<int>.Shared.Return(_previous);
    }
}
