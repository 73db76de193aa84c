using System.Text;

namespace Ml.Llm.Tokenization;

/// <summary>A value for every code point: the blocks of 128 code points that differ, and which of them each place has.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class TwoStageTable<T>(ushort[] blocks, T[] values)
{
    public const int BlockBits = 7;
    public const int BlockSize = 1 << BlockBits;

    /// <summary>The value of a code point, from 0 to 0x10FFFF.</summary>
    public T this[int codePoint] => values[blocks[codePoint >> BlockBits] << BlockBits | codePoint & (BlockSize - 1)];
}

/// <summary>Reads the embedded file of Unicode tables; its layout is told by tools/unicode-tables/generate.py, which writes it.</summary>
/// <threadsafety>Not for threads at once.</threadsafety>
internal sealed class UnicodeData
{
    private const string Resource = "Ml.Llm.Tokenizers.Unicode.unicode.bin";
    private const int CodePoints = 0x110000;

    private readonly byte[] _bytes;
    private int _at;

    private UnicodeData(byte[] bytes) => _bytes = bytes;

    /// <summary>Opens the file at its beginning.</summary>
    public static UnicodeData Open()
    {
        using var stream = typeof(UnicodeData).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The assembly lacks its Unicode tables ({Resource}).");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return new UnicodeData(bytes);
    }

    public string Text()
    {
        var length = Number();
        var text = Encoding.ASCII.GetString(_bytes, _at, length);
        _at += length;
        return text;
    }

    /// <summary>A number without a sign; 32 bits wide where the table holds bits.</summary>
    public int Number()
    {
        uint value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = _bytes[_at++];
            value |= (uint)(next & 0x7F) << shift;
            if (next < 0x80) return (int)value;
        }
    }

    public int SignedNumber()
    {
        var value = (uint)Number();
        return (int)(value >> 1) ^ -(int)(value & 1);
    }

    public TwoStageTable<T> Table<T>(Func<int, T> convert, bool signed = false)
    {
        var distinct = new T[Number()];
        for (var i = 0; i < distinct.Length; i++) distinct[i] = convert(signed ? SignedNumber() : Number());

        var values = new T[Number() << TwoStageTable<T>.BlockBits];
        Runs(values, index => distinct[index]);
        var blocks = new ushort[CodePoints >> TwoStageTable<T>.BlockBits];
        Runs(blocks, static index => (ushort)index);
        return new TwoStageTable<T>(blocks, values);
    }

    private void Runs<T>(T[] into, Func<int, T> valueOf)
    {
        for (var filled = 0; filled < into.Length;)
        {
            var value = valueOf(Number());
            var length = Number();
            into.AsSpan(filled, length).Fill(value);
            filled += length;
        }
    }
}
