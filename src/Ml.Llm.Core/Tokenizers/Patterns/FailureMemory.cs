namespace Ml.Llm.Tokenization;

/// <summary>
/// Remembers from which places (instruction and position) matching has been tried, so that none is tried twice: what was
/// tried and is tried again has failed. Bits lie in pages of 1024 positions, and only pages touched cost anything.
/// </summary>
/// <threadsafety>One object a thread.</threadsafety>
internal sealed class FailureMemory
{
    private const int PageBits = 10;
    private const int PageWords = (1 << PageBits) / 64;
    private const long MostWords = 16 << 20;
    private const int MostWordsKept = 1 << 15;

    private readonly List<int> _touched = [];
    private readonly Stack<ulong[]> _spare = new();
    private ulong[]?[] _pages = [];
    private int _pageLength;
    private long _words;
    private int _wordsSpare;

    /// <summary>Begins anew for a program with so many remembering instructions and a text.</summary>
    public void Begin(int memories, int textLength)
    {
        var pages = (textLength >> PageBits) + 1;
        if (_pages.Length < pages) Array.Resize(ref _pages, pages);
        var pageLength = memories * PageWords;
        if (pageLength != _pageLength)
        {
            _spare.Clear();
            _wordsSpare = 0;
        }

        _pageLength = pageLength;
        _words = 0;
    }

    /// <summary>Notes a place; false if it was noted before. Past 128 MB it notes nothing more, and the limit of steps alone protects.</summary>
    public bool Note(int memory, int position)
    {
        ref var page = ref _pages[position >> PageBits];
        if (page is null)
        {
            if (_words + _pageLength > MostWords) return true;
            _words += _pageLength;
            if (_spare.TryPop(out page)) _wordsSpare -= _pageLength;
            else page = new ulong[_pageLength];
            _touched.Add(position >> PageBits);
        }

        ref var word = ref page[memory * PageWords + (position >> 6 & PageWords - 1)];
        var bit = 1UL << (position & 63);
        if ((word & bit) != 0) return false;
        word |= bit;
        return true;
    }

    /// <summary>Forgets everything, and keeps a few pages for the next time.</summary>
    public void End()
    {
        foreach (var index in _touched)
        {
            var page = _pages[index]!;
            _pages[index] = null;
            if (_wordsSpare + page.Length > MostWordsKept) continue;
            Array.Clear(page);
            _spare.Push(page);
            _wordsSpare += page.Length;
        }

        _touched.Clear();
        if (_pages.Length > MostWordsKept) _pages = [];
    }
}
