namespace Ml.Llm.Models;

/// <summary>Whole small files from streams.</summary>
internal static class StreamBytes
{
    private const int Greatest = 1 << 28;

    /// <summary>Reads a stream to its end and disposes it.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <exception cref="ModelFormatException">It holds more than 256 MiB.</exception>
    internal static byte[] ReadToEnd(this Stream stream, string file)
    {
        using (stream)
        {
            using var memory = new MemoryStream();
            var buffer = new byte[1 << 16];
            for (int got; (got = stream.Read(buffer)) > 0;)
            {
                if (memory.Length + got > Greatest)
                    throw new ModelFormatException(file, "the file is too large: it holds more than 256 MiB, where a few are usual.");
                memory.Write(buffer, 0, got);
            }

            return memory.ToArray();
        }
    }
}
