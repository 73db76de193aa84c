using System.Buffers.Binary;
using System.Globalization;

namespace Ml.Llm.Tokenization;

/// <summary>
/// Walks over the fields of a protocol buffer in memory. Nothing is allocated, lengths are checked against what is there, and
/// groups, which nest, are refused.
/// </summary>
/// <remarks>A field is a varint of its number * 8 + its kind (0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes), then its value.</remarks>
/// <threadsafety>Belongs to one thread.</threadsafety>
internal ref struct ProtobufReader(ReadOnlySpan<byte> data)
{
    private const int Varint = 0;
    private const int EightBytes = 1;
    private const int Length = 2;
    private const int FourBytes = 5;

    private readonly ReadOnlySpan<byte> _data = data;
    private int _at;
    private int _kind;

    /// <summary>Goes to the next field; its value is then to be read or skipped.</summary>
    /// <exception cref="FormatException">The data is broken.</exception>
    public bool Next(out int field)
    {
        field = 0;
        if (_at == _data.Length) return false;
        var tag = ReadRawVarint();
        var number = tag >> 3;
        if (number is 0 or > 0x1FFFFFFF) throw Broken("a field number is out of range");
        (field, _kind) = ((int)number, (int)(tag & 7));
        return true;
    }

    /// <summary>The value of a field of whole numbers, of 64 bits.</summary>
    /// <exception cref="FormatException">The field is of another kind, or the data is broken.</exception>
    public long ReadInteger()
    {
        Require(Varint, "a whole number");
        return (long)ReadRawVarint();
    }

    /// <summary>The value of a field of 32-bit fractions.</summary>
    /// <exception cref="FormatException">The field is of another kind, or the data is broken.</exception>
    public float ReadFloat()
    {
        Require(FourBytes, "a number of 32 bits");
        return BinaryPrimitives.ReadSingleLittleEndian(Take(4));
    }

    /// <summary>The value of a field of bytes, of text or of another message.</summary>
    /// <exception cref="FormatException">The field is of another kind, or the data is broken.</exception>
    public ReadOnlySpan<byte> ReadBytes()
    {
        Require(Length, "bytes");
        return TakeLong();
    }

    /// <summary>Passes over the value of a field, of whatever kind.</summary>
    /// <exception cref="FormatException">The data is broken.</exception>
    public void Skip()
    {
        switch (_kind)
        {
            case Varint: ReadRawVarint(); break;
            case EightBytes: Take(8); break;
            case Length: TakeLong(); break;
            case FourBytes: Take(4); break;
            default: throw Broken(string.Create(CultureInfo.InvariantCulture, $"a field of kind {_kind} is not known"));
        }
    }

    private ReadOnlySpan<byte> TakeLong()
    {
        var length = ReadRawVarint();
        return length <= int.MaxValue ? Take((int)length) : throw Broken("a length is beyond the end");
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _data.Length - _at)
            throw Broken(string.Create(CultureInfo.InvariantCulture, $"{count} bytes are announced where {_data.Length - _at} are left"));
        var taken = _data.Slice(_at, count);
        _at += count;
        return taken;
    }

    private ulong ReadRawVarint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (_at == _data.Length) throw Broken("the data ends inside a number");
            var next = _data[_at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }

        throw Broken("a number has more than ten bytes");
    }

    private readonly void Require(int kind, string what)
    {
        if (_kind != kind) throw Broken($"a field must be {what}, but is of kind {_kind.ToString(CultureInfo.InvariantCulture)}");
    }

    private readonly FormatException Broken(string problem) => new(string.Create(CultureInfo.InvariantCulture, $"{problem} (at byte {_at} of its {_data.Length})"));
}
