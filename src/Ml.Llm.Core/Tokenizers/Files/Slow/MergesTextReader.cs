namespace Ml.Llm.Tokenization;

/// <summary>Reads merges.txt: two parts a line with a space between them, the most important first; the first line may say a version.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class MergesTextReader
{
    /// <summary>Reads the merges.</summary>
    /// <param name="stream">The file.</param>
    /// <param name="file">What to call it in complaints.</param>
    /// <exception cref="ModelFormatException">A line is no merge.</exception>
    public static List<(string Left, string Right)> Read(Stream stream, string file)
    {
        var merges = new List<(string, string)>();
        foreach (var (number, line) in TextLines.Read(stream, file))
        {
            if (number == 1 && line.StartsWith("#version", StringComparison.Ordinal)) continue;
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            if (space <= 0 || space == line.Length - 1 || line.IndexOf(' ', space + 1) >= 0)
                throw TextLines.Problem(file, number, $"must be a merge of two parts with one space between them, but is \"{line}\"");
            merges.Add((line[..space], line[(space + 1)..]));
        }

        return merges;
    }
}
