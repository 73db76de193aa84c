using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Ml.Llm.Data;

/// <summary>The first bytes of a token file; little-endian.</summary>
/// <remarks>
/// *** Binary format, version 1, 128 bytes ***
/// 0: magic "MLLMTOKS"; 8: version (uint); 12: bytes per id, 2 or 4 (uint); 16: vocabulary size (long); 24: tokens (long);
/// 32: documents (long); 40: fingerprint (32 bytes); 72: SHA-256 of the ids (32 bytes); 104: first 8 bytes of the SHA-256 of
/// bytes 0 to 103, written last: without it the file was never finished; 112: zeros. Then the ids.
/// </remarks>
internal sealed record TokenFileHeader(int IdWidth, long VocabularySize, long TokenCount, long DocumentCount, byte[] Fingerprint, byte[] ContentHash)
{
    internal const int Size = 128;
    internal const int Version = 1;
    internal const int FingerprintSize = 32;
    private const int SealOffset = 104;
    private const int SealSize = 8;

    private static ReadOnlySpan<byte> Magic => "MLLMTOKS"u8;

    internal byte[] ToBytes()
    {
        var bytes = new byte[Size];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), Version);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), IdWidth);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), VocabularySize);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(24), TokenCount);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(32), DocumentCount);
        Fingerprint.CopyTo(bytes.AsSpan(40));
        ContentHash.CopyTo(bytes.AsSpan(72));
        Seal(bytes).CopyTo(bytes.AsSpan(SealOffset));
        return bytes;
    }

    /// <summary>Reads a header; null, with the reason, where the file was never finished or is damaged.</summary>
    /// <exception cref="ModelFormatException">The file is whole and of a newer version.</exception>
    internal static TokenFileHeader? Read(ReadOnlySpan<byte> bytes, long fileLength, string file, out string problem)
    {
        problem = "";
        if (bytes.Length < Size || !bytes.StartsWith(Magic))
            problem = "it does not begin like a token file";
        else if (!bytes.Slice(SealOffset, SealSize).SequenceEqual(Seal(bytes)))
            problem = "it was never finished, or its header is damaged";
        if (problem.Length > 0)
            return null;
        var version = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]);
        if (version != Version)
            throw new ModelFormatException(file, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"this token file is of version {version}, and this version of Ml.Llm reads version {Version}: remove it, it is made anew from the corpus."));
        var header = new TokenFileHeader(
            BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]),
            bytes.Slice(40, FingerprintSize).ToArray(),
            bytes.Slice(72, SHA256.HashSizeInBytes).ToArray());
        var whole = header.IdWidth is 2 or 4
            && header.TokenCount >= 0
            && header.TokenCount <= (long.MaxValue - Size) / header.IdWidth
            && fileLength == Size + (header.TokenCount * header.IdWidth);
        if (!whole)
            problem = "its length does not fit its header";
        return whole ? header : null;
    }

    private static ReadOnlySpan<byte> Seal(ReadOnlySpan<byte> bytes) => SHA256.HashData(bytes[..SealOffset]).AsSpan(0, SealSize);

    /// <summary>A fingerprint of several texts: of a corpus, a tokenizer, an option that shapes the ids.</summary>
    internal static byte[] FingerprintOf(params ReadOnlySpan<string> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[sizeof(long)];
        foreach (var part in parts)
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            BinaryPrimitives.WriteInt64LittleEndian(length, bytes.Length); // So that parts cannot run into each other.
            hash.AppendData(length);
            hash.AppendData(bytes);
        }

        return hash.GetHashAndReset();
    }
}
