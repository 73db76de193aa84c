namespace Ml.Llm.Tokenization;

/// <summary>Ranges of a text, as pre-tokenizers leave them; kept and filled again, so that splitting allocates nothing.</summary>
/// <threadsafety>Belongs to one thread at a time.</threadsafety>
internal sealed class PieceList
{
    private const int KeptCapacity = 1 << 16;
    private const int FirstCapacity = 256;

    private (int Start, int End)[] _items = new (int, int)[FirstCapacity];
    private (int Start, int End)[] _spare = new (int, int)[FirstCapacity];

    /// <summary>How many pieces there are.</summary>
    public int Count { get; private set; }

    /// <summary>The pieces, in the order of the text; invalid once another is added.</summary>
    public ReadOnlySpan<(int Start, int End)> Items => _items.AsSpan(0, Count);

    /// <summary>Makes a range the only piece; none where it is empty.</summary>
    public void Begin(int start, int end)
    {
        Count = 0;
        Add(start, end);
    }

    /// <summary>Takes all pieces out, to be split further: the list is empty then, and what is given back holds until the next call.</summary>
    public ReadOnlySpan<(int Start, int End)> TakeAll()
    {
        var taken = Items;
        (_items, _spare) = (_spare, _items);
        Count = 0;
        return taken;
    }

    /// <summary>Adds a piece, unless it is empty.</summary>
    public void Add(int start, int end)
    {
        if (start >= end) return;
        if (Count == _items.Length) Array.Resize(ref _items, checked(Count * 2));
        _items[Count++] = (start, end);
    }

    /// <summary>Lets go of buffers that a giant text has grown.</summary>
    public void Trim()
    {
        if (_items.Length > KeptCapacity) (_items, Count) = (new (int, int)[FirstCapacity], 0);
        if (_spare.Length > KeptCapacity) _spare = new (int, int)[FirstCapacity];
    }
}
