using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Ml.Llm.Tokenization;

/// <summary>
/// SentencePiece's table of replacements (<c>precompiled_charsmap</c>): a double-array trie over UTF-8 bytes, whose values
/// are places in a row of texts that end with NUL.
/// </summary>
/// <remarks>
/// The binary form: the size of the trie in bytes (32 bits, little endian), the trie, the texts. A unit of the trie is 32
/// bits: the label (bits 0-7), whether a value belongs to it (bit 8), whether the offset counts in 256s (bit 9), the offset
/// to its children (bits 10-30); bit 31 says that the unit is a value, which bits 0-30 hold.
/// </remarks>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class CharacterMap
{
    private const uint IsValue = 1u << 31;
    private const uint HasValue = 1u << 8;
    private const uint IsFarOffset = 1u << 9;
    private const int NotAStart = -1;

    private readonly uint[] _trie;
    private readonly string _texts;
    private readonly int[] _textStarts;    // byte -> UTF-16 unit of _texts

    /// <summary>Reads a table.</summary>
    /// <exception cref="FormatException">It is broken.</exception>
    public CharacterMap(ReadOnlySpan<byte> data)
    {
        if (data.Length < sizeof(uint)) throw new FormatException($"has {data.Length} bytes, too few for the size of its trie");
        var size = BinaryPrimitives.ReadUInt32LittleEndian(data);
        if (size % sizeof(uint) != 0) throw new FormatException($"has a trie of {size} bytes, which is no multiple of {sizeof(uint)}");
        if (size > data.Length - sizeof(uint)) throw new FormatException($"has a trie of {size} bytes, but only {data.Length - sizeof(uint)} bytes follow");
        _trie = MemoryMarshal.Cast<byte, uint>(data.Slice(sizeof(uint), (int)size)).ToArray();
        if (!BitConverter.IsLittleEndian) BinaryPrimitives.ReverseEndianness(_trie, _trie);
        (_texts, _textStarts) = ReadTexts(data[(sizeof(uint) + (int)size)..]);
        foreach (var unit in _trie)
        {
            // Checked here once, so that no lookup can leave the texts.
            var value = unit & ~IsValue;
            if ((unit & IsValue) != 0 && (value >= _textStarts.Length || _textStarts[value] == NotAStart))
                throw new FormatException($"has a trie that points to byte {value} of its texts, where none begins");
        }
    }

    /// <summary>Finds the shortest key that a text begins with.</summary>
    /// <param name="utf8">The text.</param>
    /// <param name="replacement">What the table has for the key.</param>
    public bool TryFindShortest(scoped ReadOnlySpan<byte> utf8, out ReadOnlySpan<char> replacement)
    {
        replacement = default;
        if (_trie.Length == 0) return false;
        var place = OffsetOf(_trie[0]);
        foreach (var label in utf8)
        {
            place ^= label;
            if (label == 0 || place >= (uint)_trie.Length) return false;
            var unit = _trie[place];
            if ((unit & (IsValue | byte.MaxValue)) != label) return false;
            place ^= OffsetOf(unit);
            if ((unit & HasValue) == 0) continue;
            if (place >= (uint)_trie.Length || (_trie[place] & IsValue) == 0) return false;
            replacement = TextAt((int)(_trie[place] & ~IsValue));
            return true;
        }

        return false;
    }

    private static uint OffsetOf(uint unit) => (unit >> 10) << ((unit & IsFarOffset) != 0 ? 8 : 0);

    private static (string Texts, int[] Starts) ReadTexts(ReadOnlySpan<byte> utf8)
    {
        string texts;
        try
        {
            texts = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(utf8);
        }
        catch (DecoderFallbackException problem)
        {
            throw new FormatException("has texts that are not UTF-8", problem);
        }

        var starts = new int[utf8.Length];
        Array.Fill(starts, NotAStart);
        var place = 0;
        for (var unit = 0; unit < texts.Length;)
        {
            Rune.DecodeFromUtf16(texts.AsSpan(unit), out var rune, out var length);
            starts[place] = unit;
            place += rune.Utf8SequenceLength;
            unit += length;
        }

        return (texts, starts);
    }

    private ReadOnlySpan<char> TextAt(int place)
    {
        var text = _texts.AsSpan(_textStarts[place]);
        var end = text.IndexOf('\0');
        return end < 0 ? text : text[..end];
    }
}
