namespace Ml.Llm.Tokenization;

/// <summary>The symbols of one word: ids, and where each ends in bytes of the word. Kept and filled again, so that words allocate nothing.</summary>
/// <threadsafety>Belongs to one thread at a time.</threadsafety>
internal sealed class SymbolList
{
    private const int KeptCapacity = 1 << 16;

    [ThreadStatic] private static SymbolList? t_spare;

    private int[] _ids = new int[256];
    private int[] _ends = new int[256];

    /// <summary>How many symbols there are.</summary>
    public int Count { get; private set; }

    /// <summary>The ids.</summary>
    public Span<int> Ids => _ids.AsSpan(0, Count);

    /// <summary>The ends; the first symbol begins at 0, each other where the one before ends.</summary>
    public Span<int> Ends => _ends.AsSpan(0, Count);

    /// <summary>An empty list: this thread's spare one, or a new one.</summary>
    public static SymbolList Rent()
    {
        var list = t_spare ?? new SymbolList();
        t_spare = null;
        list.Count = 0;
        return list;
    }

    /// <summary>Gives a list back; one that a giant word has grown is left to the collector.</summary>
    public static void Return(SymbolList list)
    {
        if (list._ids.Length <= KeptCapacity) t_spare = list;
    }

    /// <summary>Adds a symbol.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="length">How many bytes it stands for.</param>
    public void Add(int id, int length)
    {
        if (Count == _ids.Length)
        {
            Array.Resize(ref _ids, checked(2 * Count));
            Array.Resize(ref _ends, 2 * Count);
        }

        _ids[Count] = id;
        _ends[Count] = (Count == 0 ? 0 : _ends[Count - 1]) + length;
        Count++;
    }

    /// <summary>Keeps the first symbols only.</summary>
    public void Keep(int count) => Count = count;
}
