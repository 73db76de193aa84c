using System.Buffers;
using System.Text.Unicode;

namespace Ml.Llm.Tokenization;

/// <summary>The UTF-8 bytes of a piece and room for its symbols: on the stack for short pieces, rented for long ones.</summary>
/// <threadsafety>Belongs to one call.</threadsafety>
internal ref struct SymbolBuffer
{
    /// <summary>Stack room for this many bytes and symbols.</summary>
    public const int StackSize = 256;

    private byte[]? _rentedBytes;
    private int[]? _rentedNumbers;

    /// <summary>Converts a piece; a lone surrogate becomes U+FFFD.</summary>
    public SymbolBuffer(ReadOnlySpan<char> piece, Span<byte> bytes, Span<int> numbers)
    {
        var most = checked(piece.Length * 3);
        if (most > bytes.Length)
        {
            bytes = _rentedBytes = ArrayPool<byte>.Shared.Rent(most);
            // Text is mostly ASCII: count before renting room for the symbols.
            Utf8.FromUtf16(piece, bytes, out _, out var exact);
            numbers = _rentedNumbers = ArrayPool<int>.Shared.Rent(checked(2 * exact));
            Bytes = bytes[..exact];
        }
        else
        {
            Utf8.FromUtf16(piece, bytes, out _, out var exact);
            Bytes = bytes[..exact];
        }

        Ids = numbers[..Bytes.Length];
        Ends = numbers.Slice(Bytes.Length, Bytes.Length);
    }

    /// <summary>The UTF-8 bytes.</summary>
    public ReadOnlySpan<byte> Bytes { get; }

    /// <summary>Room for one id a byte.</summary>
    public Span<int> Ids { get; }

    /// <summary>Room for the end of each symbol, in bytes.</summary>
    public Span<int> Ends { get; }

    /// <summary>Gives rented arrays back.</summary>
    public void Dispose()
    {
        if (_rentedBytes is not null) ArrayPool<byte>.Shared.Return(_rentedBytes);
        if (_rentedNumbers is not null) ArrayPool<int>.Shared.Return(_rentedNumbers);
        _rentedBytes = null;
        _rentedNumbers = null;
    }
}
