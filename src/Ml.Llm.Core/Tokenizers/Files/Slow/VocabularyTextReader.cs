using System.Globalization;

namespace Ml.Llm.Tokenization;

/// <summary>Reads vocab.txt: a token a line, whose id is the line's place.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class VocabularyTextReader
{
    /// <summary>Reads tokens and their ids.</summary>
    /// <param name="stream">The file.</param>
    /// <param name="file">What to call it in complaints.</param>
    /// <param name="longestLine">The longest line that is taken, in bytes.</param>
    /// <exception cref="ModelFormatException">The file is empty, or a line is no token or one that came before.</exception>
    public static Dictionary<string, int> Read(Stream stream, string file, int longestLine = TextLines.LongestLine)
    {
        var ids = new Dictionary<string, int>();
        foreach (var (number, token) in TextLines.Read(stream, file, longestLine))
        {
            if (token[0] is ' ' or '\t' || token[^1] is ' ' or '\t')
                throw TextLines.Problem(file, number, $"holds the token \"{token}\" with a space at its begin or end; take it out");
            if (number - 1 > TokenizerJsonReader.LargestId)
                throw TextLines.Problem(file, number, string.Create(CultureInfo.InvariantCulture, $"is beyond the largest id, {TokenizerJsonReader.LargestId}"));
            if (!ids.TryAdd(token, number - 1))
                throw TextLines.Problem(file, number, string.Create(CultureInfo.InvariantCulture, $"holds the token \"{token}\" twice: line {ids[token] + 1} has it"));
        }

        return ids.Count > 0 ? ids : throw new ModelFormatException(file, "the vocabulary is empty: there must be a token on each line");
    }
}
