namespace Ml.Llm.Tokenization;

/// <summary>Ranges of a text, as a pre-tokenizer leaves them; kept and filled again, so that splitting allocates nothing.</summary>
/// <threadsafety>Belongs to one thread at a time.</threadsafety>
internal sealed class PieceList
{
    private const int KeptCapacity = 1 << 16;

    [ThreadStatic] private static PieceList? t_spare;

    private (int Start, int End)[] _items = new (int, int)[256];

    /// <summary>How many pieces there are.</summary>
    public int Count { get; private set; }

    /// <summary>The pieces, in the order of the text; invalid once another is added.</summary>
    public ReadOnlySpan<(int Start, int End)> Items => _items.AsSpan(0, Count);

    /// <summary>An empty list: this thread's spare one, or a new one.</summary>
    public static PieceList Rent()
    {
        var list = t_spare ?? new PieceList();
        t_spare = null;
        list.Clear();
        return list;
    }

    /// <summary>Gives a list back; one that a giant text has grown is left to the collector.</summary>
    public static void Return(PieceList list)
    {
        if (list._items.Length <= KeptCapacity) t_spare = list;
    }

    /// <summary>Takes all pieces out.</summary>
    public void Clear() => Count = 0;

    /// <summary>Adds a piece.</summary>
    public void Add(int start, int end)
    {
        if (Count == _items.Length) Array.Resize(ref _items, checked(Count * 2));
        _items[Count++] = (start, end);
    }
}
