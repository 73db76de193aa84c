namespace Ml.Llm.Persistence;

/// <summary>The checksum of zip entries (CRC-32, reflected, polynomial 0x04C11DB7), eight bytes at a time.</summary>
/// <threadsafety>One thread at a time.</threadsafety>
internal sealed class Crc32
{
    private const int Lanes = 8;
    private static readonly uint[][] Tables = MakeTables();
    private uint state = uint.MaxValue;

    /// <summary>The checksum of what was added so far.</summary>
    public uint Value => ~state;

    /// <summary>Adds bytes.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        var crc = state;
        while (bytes.Length >= Lanes)
        {
            crc ^= System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            crc = Tables[7][(byte)crc] ^ Tables[6][(byte)(crc >> 8)] ^ Tables[5][(byte)(crc >> 16)] ^ Tables[4][crc >> 24]
                ^ Tables[3][bytes[4]] ^ Tables[2][bytes[5]] ^ Tables[1][bytes[6]] ^ Tables[0][bytes[7]];
            bytes = bytes[Lanes..];
        }

        foreach (var value in bytes)
            crc = (crc >> 8) ^ Tables[0][(byte)(crc ^ value)];
        state = crc;
    }

    private static uint[][] MakeTables()
    {
        var tables = new uint[Lanes][];
        tables[0] = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            var value = i;
            for (var bit = 0; bit < 8; bit++)
                value = (value & 1) == 0 ? value >> 1 : (value >> 1) ^ 0xEDB88320;
            tables[0][i] = value;
        }

        for (var lane = 1; lane < Lanes; lane++)
            tables[lane] = [.. tables[lane - 1].Select(value => (value >> 8) ^ tables[0][(byte)value])];
        return tables;
    }
}
