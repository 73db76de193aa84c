namespace Ml.Llm.Tokenization;

/// <summary>A value for each code point, in pages that are made when first written: as quick as an array, small for few scripts.</summary>
/// <threadsafety>Belongs to one thread at a time.</threadsafety>
internal sealed class CodePointMap<T>(T absent)
{
    private const int PageBits = 8;
    private const int PageSize = 1 << PageBits;

    private readonly T[]?[] _pages = new T[]?[(0x10FFFF >> PageBits) + 1];

    /// <summary>The value of a code point, which may be changed.</summary>
    public ref T At(int codePoint)
    {
        ref var page = ref _pages[codePoint >> PageBits];
        if (page is null)
        {
            page = new T[PageSize];
            Array.Fill(page, absent);
        }

        return ref page[codePoint & (PageSize - 1)];
    }

    /// <summary>The value of a code point; makes no page.</summary>
    public T Get(int codePoint) => _pages[codePoint >> PageBits] is { } page ? page[codePoint & (PageSize - 1)] : absent;
}
