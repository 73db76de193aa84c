using System.Text;

namespace Ml.Llm.Core.Tests.Tokenizers;

/// <summary>Writes SentencePiece model files, field by field.</summary>
internal sealed class SentencePieceBytes
{
    private readonly List<byte> _model = new();
    private readonly List<byte> _trainer = new();
    private readonly List<byte> _normalizer = new();

    /// <summary>Adds a piece: its spelling, score and type.</summary>
    public SentencePieceBytes Piece(string text, float score = 0, int type = 1)
    {
        var piece = new List<byte>();
        Bytes(piece, 1, Encoding.UTF8.GetBytes(text));
        Varint(piece, (2 << 3) | 5);
        piece.AddRange(BitConverter.GetBytes(score));
        Number(piece, 3, type);
        Bytes(_model, 1, piece.ToArray());
        return this;
    }

    /// <summary>Sets a number of trainer_spec.</summary>
    public SentencePieceBytes Trainer(int field, long value)
    {
        Number(_trainer, field, value);
        return this;
    }

    /// <summary>Sets a number of normalizer_spec.</summary>
    public SentencePieceBytes Normalizer(int field, long value)
    {
        Number(_normalizer, field, value);
        return this;
    }

    /// <summary>The file.</summary>
    public byte[] ToArray()
    {
        List<byte> whole = [.. _model];
        Bytes(whole, 2, _trainer.ToArray());
        Bytes(whole, 3, _normalizer.ToArray());
        return whole.ToArray();
    }

    private static void Number(List<byte> bytes, int field, long value)
    {
        Varint(bytes, (ulong)field << 3);
        Varint(bytes, unchecked((ulong)value));
    }

    private static void Bytes(List<byte> bytes, int field, byte[] value)
    {
        Varint(bytes, ((ulong)field << 3) | 2);
        Varint(bytes, (ulong)value.Length);
        bytes.AddRange(value);
    }

    private static void Varint(List<byte> bytes, ulong value)
    {
        for (; value >= 0x80; value >>= 7) bytes.Add((byte)(value | 0x80));
        bytes.Add((byte)value);
    }
}
