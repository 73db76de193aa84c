namespace Ml.Llm.Tokenization;

/// <summary>The windows that a sequence of tokens is cut into: the first is what stays, the others are what overflows.</summary>
/// <remarks>They are counted, not stored: overlapping windows of a long text may hold far more tokens than it has.</remarks>
/// <threadsafety>Immutable.</threadsafety>
internal readonly struct TokenWindows
{
    private readonly int _length;
    private readonly int _size;
    private readonly int _step;
    private readonly TruncationDirection _direction;

    private TokenWindows(int length, int size, int step, TruncationDirection direction, int count) =>
        (_length, _size, _step, _direction, Count) = (length, size, step, direction, count);

    /// <summary>How many windows there are, 1 at least.</summary>
    public int Count { get; }

    /// <summary>The one window of a sequence that is not cut.</summary>
    public static TokenWindows Whole(int length) => new(length, length, length, TruncationDirection.Right, 1);

    /// <summary>The windows of a sequence of some length, each of a size.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The stride is not smaller than the window.</exception>
    public static TokenWindows Cut(int length, int size, TruncationOptions options)
    {
        if (size >= length) return Whole(length);
        if (size == 0) return new TokenWindows(length, 0, 0, options.Direction, 2);
        if (options.Stride >= size)
        {
            throw new ArgumentOutOfRangeException(
                nameof(options),
                options.Stride,
                $"The stride of the truncation, {options.Stride}, is out of range: it must be smaller than the {size} tokens that a window has room for. Make the stride smaller or the maximal length larger.");
        }

        var step = size - options.Stride;
        return new TokenWindows(length, size, step, options.Direction, 1 + ((length - size + step - 1) / step));
    }

    /// <summary>The range of a window.</summary>
    public (int Start, int End) At(int index)
    {
        // A window of no token leaves the whole sequence to a second one.
        if (_size == 0) return index == 0 ? (0, 0) : (0, _length);
        if (_direction == TruncationDirection.Right)
        {
            var start = index * _step;
            return (start, Math.Min(start + _size, _length));
        }

        var end = _length - (index * _step);
        return (Math.Max(end - _size, 0), end);
    }
}
