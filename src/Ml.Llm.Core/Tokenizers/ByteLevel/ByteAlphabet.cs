using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Ml.Llm.Tokenization;

/// <summary>
/// The printable character that stands for each byte in a byte-level vocabulary: bytes 33-126, 161-172 and 174-255 are
/// themselves, the other 68 follow from U+0100 on, in order.
/// </summary>
/// <threadsafety>Immutable.</threadsafety>
internal static class ByteAlphabet
{
    private const int CharacterLimit = 0x100 + 68;

    private static readonly char[] s_characters = MakeCharacters();
    private static readonly short[] s_bytes = MakeBytes();

    /// <summary>The 256 characters, by byte.</summary>
    public static ReadOnlySpan<char> Characters => s_characters;

    /// <summary>The byte that a character stands for.</summary>
    public static bool TryGetByte(char character, out byte value)
    {
        var found = character < CharacterLimit ? s_bytes[character] : (short)-1;
        value = unchecked((byte)found);
        return found >= 0;
    }

    /// <summary>The bytes that a token stands for; false if one of its characters stands for none.</summary>
    public static bool TryGetBytes(string token, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = new byte[token.Length];
        for (var i = 0; i < token.Length; i++)
        {
            if (TryGetByte(token[i], out bytes[i])) continue;
            bytes = null;
            return false;
        }

        return true;
    }

    /// <summary>How many bytes the character of a byte takes in UTF-8: one for printable ASCII, which stands for itself, else two.</summary>
    public static int Utf8LengthOf(byte value) => value is >= 33 and <= 126 ? 1 : 2;

    /// <summary>The token that stands for some bytes.</summary>
    public static string ToToken(ReadOnlySpan<byte> bytes)
    {
        return string.Create(bytes.Length, bytes, static (characters, source) =>
        {
            for (var i = 0; i < source.Length; i++) characters[i] = s_characters[source[i]];
        });
    }

    /// <summary>Writes the characters of the UTF-8 bytes of a part of a text that is being rewritten, each in the place of its character.</summary>
    public static void Write(AlignedText text, int from, int to)
    {
        Span<byte> utf8 = stackalloc byte[4];
        for (var position = from; position < to; position += text.LengthAt(position))
        {
            var unit = text.Units[position];
            if (unit < 0x80)
            {
                text.Put(s_characters[unit], position);
                continue;
            }

            var count = new Rune(text.CodePointAt(position)).EncodeToUtf8(utf8);
            foreach (var value in utf8[..count]) text.Put(s_characters[value], position);
        }
    }

    private static char[] MakeCharacters()
    {
        var characters = new char[256];
        var next = (char)0x100;
        for (var value = 0; value < 256; value++)
        {
            var itself = value is (>= 33 and <= 126) or (>= 161 and <= 172) or (>= 174);
            characters[value] = itself ? (char)value : next++;
        }

        return characters;
    }

    private static short[] MakeBytes()
    {
        var bytes = new short[CharacterLimit];
        Array.Fill(bytes, (short)-1);
        for (var value = 0; value < 256; value++) bytes[s_characters[value]] = (short)value;
        return bytes;
    }
}
