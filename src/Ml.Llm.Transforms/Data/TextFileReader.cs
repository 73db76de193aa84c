using System.Globalization;
using System.Text;

namespace Ml.Llm.Data;

/// <summary>
/// Reads documents from text files, one after the other, as strict UTF-8: a wrong byte is an error that says where it is, never
/// a replacement character. Lines end with LF or CR LF; a byte order mark is skipped. One document is held at a time.
/// </summary>
/// <threadsafety>One reading at a time by one thread; every reading opens the files anew.</threadsafety>
internal static class TextFileReader
{
    // A document becomes one string, and a string ends at a thousand million characters.
    private const int LargestDocument = 512 * 1024 * 1024;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The documents of the files, in order.</summary>
    /// <param name="files">The files.</param>
    /// <param name="documentPerLine">True: every line that is not blank is a document. False: blank lines part documents.</param>
    /// <exception cref="DataFormatException">A file is not UTF-8, or a document is too long.</exception>
    public static IEnumerable<string> Read(IReadOnlyList<string> files, bool documentPerLine)
    {
        var document = new StringBuilder();
        foreach (var file in files)
        {
            foreach (var line in Lines(file))
            {
                var blank = string.IsNullOrWhiteSpace(line);
                if (documentPerLine)
                {
                    if (!blank)
                        yield return line;
                    continue;
                }

                if (!blank)
                {
                    if (document.Length > LargestDocument - line.Length)
                        throw TooLong(file);
                    if (document.Length > 0)
                        document.Append('\n');
                    document.Append(line);
                }
                else if (document.Length > 0)
                {
                    yield return document.ToString();
                    document.Clear();
                }
            }

            if (document.Length > 0)
            {
                yield return document.ToString();
                document.Clear();
            }
        }
    }

    private static IEnumerable<string> Lines(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1, FileOptions.SequentialScan);
        var buffer = new byte[1 << 16];
        var start = 0; // of the present line
        var end = 0; // of what was read
        var searched = 0; // no line end before it
        long offset = 0; // of the buffer's beginning in the file
        long line = 1;
        while (true)
        {
            var found = Array.IndexOf(buffer, (byte)'\n', searched, end - searched);
            if (found >= 0)
            {
                yield return Decode(file, buffer.AsSpan(start, found - start), line++, offset + start);
                start = searched = found + 1;
                continue;
            }

            searched = end;
            if (end == buffer.Length)
            {
                if (start == 0 && buffer.Length > LargestDocument)
                    throw TooLong(file);
                var larger = start == 0 ? new byte[buffer.Length * 2] : buffer;
                buffer.AsSpan(start, end - start).CopyTo(larger);
                offset += start;
                searched -= start;
                end -= start;
                start = 0;
                buffer = larger;
            }

            var read = stream.Read(buffer, end, buffer.Length - end);
            if (read == 0)
                break;
            end += read;
        }

        if (end > start)
            yield return Decode(file, buffer.AsSpan(start, end - start), line, offset + start);
    }

    private static string Decode(string file, ReadOnlySpan<byte> bytes, long line, long offset)
    {
        if (offset == 0 && bytes.StartsWith(Encoding.UTF8.Preamble))
        {
            bytes = bytes[Encoding.UTF8.Preamble.Length..];
            offset = Encoding.UTF8.Preamble.Length;
        }

        if (bytes.EndsWith("\r"u8))
            bytes = bytes[..^1];
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException problem)
        {
            throw new DataFormatException(string.Create(CultureInfo.InvariantCulture,
                $"{file}: line {line} is not UTF-8: the byte at offset {offset + Math.Max(0, problem.Index)} of the file fits no character. Convert the file to UTF-8."));
        }
    }

    private static DataFormatException TooLong(string file) => new(string.Create(CultureInfo.InvariantCulture,
        $"{file}: one document is longer than {LargestDocument} characters. Part documents by blank lines, or pass documentPerLine: true where each line is one."));
}
