namespace Ml.Llm.Models;

/// <summary>Whole small files from streams.</summary>
internal static class StreamBytes
{
    private const int Greatest = 1 << 28;

    /// <summary>Reads a stream to its end and disposes it.</summary>
    internal static byte[] ReadToEnd(this Stream stream)
    {
        using (stream)
        {
            using var memory = new MemoryStream();
            var buffer = new byte[1 << 16];
            for (int got; (got = stream.Read(buffer)) > 0;)
            {
                if (memory.Length + got > Greatest)
                    throw new InvalidDataException($"More than {Greatest} bytes where a small file is expected.");
                memory.Write(buffer, 0, got);
            }

            return memory.ToArray();
        }
    }
}
