using System.Globalization;

namespace Ml.Llm.Tokenization;

/// <summary>Reads tiktoken's files: a token's bytes in base64, a space and its rank on each line.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class TiktokenReader
{
    public const string Extension = ".tiktoken";

    private const int HolesAllowed = 1_000_000;

    /// <summary>Reads the tokens in the order of their ranks, spelled in the byte alphabet.</summary>
    /// <param name="stream">The file.</param>
    /// <param name="file">What to call it in complaints.</param>
    /// <exception cref="ModelFormatException">A line is broken, a token or rank comes twice, or a byte has no rank.</exception>
    public static List<(string Token, int Rank)> Read(Stream stream, string file)
    {
        var tokens = new SortedDictionary<int, string>();
        var lines = new Dictionary<string, int>();
        foreach (var (number, line) in TextLines.Read(stream, file))
        {
            var (token, rank) = ReadLine(line, number, file);
            if (!lines.TryAdd(token, number)) throw TextLines.Problem(file, number, $"has the token of line {lines[token].ToString(CultureInfo.InvariantCulture)} twice");
            if (!tokens.TryAdd(rank, token)) throw TextLines.Problem(file, number, string.Create(CultureInfo.InvariantCulture, $"has the rank {rank}, as line {lines[tokens[rank]]} has"));
        }

        for (var value = 0; value < ByteAlphabet.Characters.Length; value++)
        {
            if (!lines.ContainsKey(ByteAlphabet.Characters[value].ToString()))
                throw new ModelFormatException(file, string.Create(CultureInfo.InvariantCulture, $"the byte 0x{value:X2} has no rank; each single byte must be a token"));
        }

        var largest = tokens.Keys.Last();
        return largest <= HolesAllowed + (4 * tokens.Count)
            ? tokens.Select(static item => (item.Value, item.Key)).ToList()
            : throw new ModelFormatException(file, string.Create(CultureInfo.InvariantCulture, $"{tokens.Count} tokens have ranks up to {largest}: too many holes"));
    }

    private static (string Token, int Rank) ReadLine(string line, int number, string file)
    {
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        if (space <= 0 || !int.TryParse(line.AsSpan(space + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var rank) || rank > TokenizerJsonReader.LargestId)
            throw TextLines.Problem(file, number, $"must be a token in base64, a space, and its rank from 0 to {TokenizerJsonReader.LargestId}");
        var bytes = new byte[space];
        return Convert.TryFromBase64Chars(line.AsSpan(0, space), bytes, out var count) && count > 0
            ? (ByteAlphabet.ToToken(bytes.AsSpan(0, count)), rank)
            : throw TextLines.Problem(file, number, "does not begin with a token in base64");
    }
}
