using System.Buffers.Binary;

namespace Ml.Llm.Engine;

/// <summary>The table of symbol versions that a 64-bit little-endian ELF library needs of others (.gnu.version_r).</summary>
/// <remarks>Layout: ELF-64 Object File Format and the LSB's "Symbol Versioning" chapter (Elfxx_Verneed, Elfxx_Vernaux).</remarks>
internal static class ElfVersionNeeds
{
    private const uint SectionTypeVersionNeeds = 0x6ffffffe;
    private const ushort WeakFlag = 2;

    /// <summary>Marks a needed version as weak, so that the dynamic linker goes on without it.</summary>
    /// <param name="image">The library's bytes, changed in place.</param>
    /// <param name="version">The version's name, such as GLIBCXX_3.4.32.</param>
    /// <returns>Whether the version was found.</returns>
    internal static bool MarkWeak(Span<byte> image, ReadOnlySpan<byte> version)
    {
        if (image.Length < 64 || !image[..6].SequenceEqual((ReadOnlySpan<byte>)[0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1]))
            return false;
        var sections = (int)BinaryPrimitives.ReadUInt64LittleEndian(image[0x28..]);
        int entrySize = BinaryPrimitives.ReadUInt16LittleEndian(image[0x3a..]);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(image[0x3c..]);
        for (var i = 0; i < count; i++)
        {
            var section = image.Slice(sections + (i * entrySize), entrySize);
            if (BinaryPrimitives.ReadUInt32LittleEndian(section[4..]) != SectionTypeVersionNeeds)
                continue;
            var offset = (int)BinaryPrimitives.ReadUInt64LittleEndian(section[0x18..]);
            var link = (int)BinaryPrimitives.ReadUInt32LittleEndian(section[0x28..]);
            var names = (int)BinaryPrimitives.ReadUInt64LittleEndian(image[(sections + (link * entrySize) + 0x18)..]);
            return MarkWeak(image, offset, names, version);
        }

        return false;
    }

    private static bool MarkWeak(Span<byte> image, int need, int names, ReadOnlySpan<byte> version)
    {
        while (true)
        {
            int entries = BinaryPrimitives.ReadUInt16LittleEndian(image[(need + 2)..]);
            var entry = need + (int)BinaryPrimitives.ReadUInt32LittleEndian(image[(need + 8)..]);
            for (var i = 0; i < entries; i++)
            {
                var name = image[(names + (int)BinaryPrimitives.ReadUInt32LittleEndian(image[(entry + 8)..]))..];
                if (name.StartsWith(version) && name[version.Length] == 0)
                {
                    BinaryPrimitives.WriteUInt16LittleEndian(image[(entry + 4)..], WeakFlag);
                    return true;
                }

                entry += (int)BinaryPrimitives.ReadUInt32LittleEndian(image[(entry + 12)..]);
            }

            var next = (int)BinaryPrimitives.ReadUInt32LittleEndian(image[(need + 12)..]);
            if (next == 0)
                return false;
            need += next;
        }
    }
}
