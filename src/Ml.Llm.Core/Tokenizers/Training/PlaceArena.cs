using System.Numerics;

namespace Ml.Llm.Tokenization;

/// <summary>
/// Lists of places for millions of pairs in one array: blocks of a power of two, which are used again once they are given
/// back.
/// </summary>
/// <threadsafety>Belongs to one call.</threadsafety>
internal sealed class PlaceArena
{
    private readonly Stack<int>[] _free = new Stack<int>[32];   // by the binary logarithm of the size
    private int[] _items = new int[1 << 12];
    private int _used;

    /// <summary>A block for some places; its content is what was left there.</summary>
    public int Rent(int length)
    {
        var size = SizeClassOf(length);
        if (_free[size] is { Count: > 0 } free) return free.Pop();
        var start = _used;
        var end = start + (1L << size);
        if (end > _items.Length) Array.Resize(ref _items, checked((int)Math.Max(end, Math.Min(2L * _items.Length, Array.MaxLength))));
        _used = checked((int)end);
        return start;
    }

    /// <summary>Gives a block back.</summary>
    public void Return(int start, int length)
    {
        if (length > 0) (_free[SizeClassOf(length)] ??= new Stack<int>()).Push(start);
    }

    /// <summary>A block's places; good until another block is rented.</summary>
    public Span<int> At(int start, int length) => _items.AsSpan(start, length);

    private static int SizeClassOf(int length) => BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)length));
}
