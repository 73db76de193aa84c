using System.Buffers;
using System.Text.Unicode;

namespace Ml.Llm.Tokenization;

/// <summary>The UTF-8 bytes of a piece: in room on the stack for short pieces, rented for long ones. A lone surrogate becomes U+FFFD.</summary>
/// <threadsafety>Belongs to one call.</threadsafety>
internal ref struct Utf8Piece
{
    /// <summary>Stack room to give to the constructor.</summary>
    public const int StackSize = 192;

    private byte[]? _rented;

    /// <summary>Converts a piece.</summary>
    public Utf8Piece(ReadOnlySpan<char> piece, Span<byte> room)
    {
        var most = checked(piece.Length * 3);
        if (most > room.Length) room = _rented = ArrayPool<byte>.Shared.Rent(most);
        Utf8.FromUtf16(piece, room, out _, out var written);
        Bytes = room[..written];
    }

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Bytes { get; }

    /// <summary>Gives rented room back.</summary>
    public void Dispose()
    {
        if (_rented is not null) ArrayPool<byte>.Shared.Return(_rented);
        _rented = null;
    }
}
