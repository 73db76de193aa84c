using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Ml.Llm.Data;

/// <summary>
/// 128 bits of SHA-256 over a number and a text's UTF-16 units: the same on every system and in every version, and no text can
/// be made to collide with another.
/// </summary>
/// <threadsafety>All members may be called from several threads at once.</threadsafety>
internal static class TextFingerprint
{
    private const int StackBytes = 1024;

    /// <summary>The fingerprint.</summary>
    /// <param name="text">The text.</param>
    /// <param name="seed">Another number gives unrelated fingerprints.</param>
    public static UInt128 Of(ReadOnlySpan<char> text, int seed = 0)
    {
        var length = sizeof(int) + (text.Length * sizeof(char));
        var bytes = length <= StackBytes ? stackalloc byte[StackBytes] : new byte[length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, seed);
        var units = bytes[sizeof(int)..length];
        if (BitConverter.IsLittleEndian)
            MemoryMarshal.AsBytes(text).CopyTo(units);
        else
            BinaryPrimitives.ReverseEndianness(MemoryMarshal.Cast<char, ushort>(text), MemoryMarshal.Cast<byte, ushort>(units));
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes[..length], hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }
}
