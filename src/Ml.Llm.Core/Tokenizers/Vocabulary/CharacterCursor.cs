using System.Text;

namespace Ml.Llm.Tokenization;

/// <summary>Walks through a piece by characters, to find the one that holds a byte of its UTF-8.</summary>
/// <param name="piece">The piece.</param>
/// <param name="inByteAlphabet">
/// Counts the bytes of the piece as a byte-level pre-tokenizer would write it: one for printable ASCII, two for each other byte.
/// </param>
/// <threadsafety>Belongs to one call.</threadsafety>
internal ref struct CharacterCursor(ReadOnlySpan<char> piece, bool inByteAlphabet = false)
{
    private readonly ReadOnlySpan<char> _piece = piece;

    /// <summary>The character's first UTF-16 unit.</summary>
    public int Start { get; private set; }

    /// <summary>The unit after it.</summary>
    public int End { get; private set; }

    /// <summary>The byte after it.</summary>
    public int EndByte { get; private set; }

    /// <summary>Goes forward to the character that holds a byte; to the last one where the piece is shorter.</summary>
    public void MoveTo(int target)
    {
        while (EndByte <= target && End < _piece.Length)
        {
            Start = End;
            Rune.DecodeFromUtf16(_piece[Start..], out var rune, out var length);
            End = Start + length;
            EndByte += !inByteAlphabet ? rune.Utf8SequenceLength
                : rune.IsAscii ? ByteAlphabet.Utf8LengthOf((byte)rune.Value)
                : 2 * rune.Utf8SequenceLength;
        }
    }
}
