using System.Globalization;
using System.Text;

namespace Ml.Llm.Tokenization;

/// <summary>
/// Reads a text file of one entry a line: UTF-8, whose byte order mark is dropped, with LF or CR LF as the only line ends.
/// Lines are bounded, so that a file of any size is read in bounded memory.
/// </summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class TextLines
{
    /// <summary>The longest line, in bytes.</summary>
    public const int LongestLine = 1 << 20;

    private const int BufferSize = 1 << 16;

    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The lines and their numbers, from 1; empty ones are left out at the end, and refused elsewhere.</summary>
    /// <param name="stream">The file.</param>
    /// <param name="file">What to call it in complaints.</param>
    /// <param name="longestLine">The longest line that is taken, in bytes.</param>
    /// <exception cref="ModelFormatException">A line is too long, empty, no UTF-8, or has a NUL.</exception>
    public static IEnumerable<(int Number, string Text)> Read(Stream stream, string file, int longestLine = LongestLine)
    {
        var firstEmpty = 0;
        foreach (var (number, bytes) in Lines(stream, file, longestLine))
        {
            if (bytes.Length == 0)
            {
                if (firstEmpty == 0) firstEmpty = number;
                continue;
            }

            if (firstEmpty > 0) throw Problem(file, firstEmpty, "is empty, but others follow; each line must hold an entry");
            yield return (number, Text(bytes, number, file));
        }
    }

    /// <summary>The complaint about a line.</summary>
    public static ModelFormatException Problem(string file, int line, string problem, Exception? inner = null) =>
        new(file, string.Create(CultureInfo.InvariantCulture, $"line {line} {problem}"), inner);

    private static string Text(byte[] bytes, int number, string file)
    {
        try
        {
            var text = s_strict.GetString(bytes);
            return text.Contains('\0', StringComparison.Ordinal) ? throw Problem(file, number, "holds a NUL character; is the file UTF-16? Write it as UTF-8") : text;
        }
        catch (DecoderFallbackException problem)
        {
            throw Problem(file, number, "is not valid Unicode: the file must be UTF-8", problem);
        }
    }

    private static IEnumerable<(int Number, byte[] Bytes)> Lines(Stream stream, string file, int longestLine)
    {
        var buffer = new byte[BufferSize];
        var line = new MemoryStream();
        var number = 1;
        for (int read; (read = stream.Read(buffer, 0, buffer.Length)) > 0;)
        {
            for (var from = 0; from < read;)
            {
                var length = buffer.AsSpan(from, read - from).IndexOf((byte)'\n');
                var to = length < 0 ? read : from + length;
                if (line.Length + to - from > longestLine)
                    throw Problem(file, number, string.Create(CultureInfo.InvariantCulture, $"is too long: more than {longestLine} bytes without a line end"));
                line.Write(buffer, from, to - from);
                from = to + 1;
                if (length < 0) continue;
                yield return (number, Take(line, number));
                number++;
            }
        }

        if (line.Length > 0) yield return (number, Take(line, number));
    }

    private static byte[] Take(MemoryStream line, int number)
    {
        var bytes = line.GetBuffer().AsSpan(0, (int)line.Length);
        if (number == 1 && bytes.StartsWith("\uFEFF"u8)) bytes = bytes[3..];
        if (bytes.EndsWith("\r"u8)) bytes = bytes[..^1];
        var taken = bytes.ToArray();
        line.SetLength(0);
        return taken;
    }
}
