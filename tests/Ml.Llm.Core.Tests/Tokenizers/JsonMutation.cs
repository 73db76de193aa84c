using System.Text;

namespace Ml.Llm.Core.Tests.Tokenizers;

/// <summary>Breaks a JSON file in ways that are likely to be read on: well-formed, by tokens, by numbers, by depth, and at times by bytes.</summary>
internal static class JsonMutation
{
    private static readonly string[] s_numbers =
    [
        "-1", "0", "1", "2", "3", "0.5", "-0.0", "1e-320", "1e308", "1e999", "-1e999", "255", "65535", "16777215", "16777216", "2147483647", "2147483648", "-2147483648",
        "4294967295", "9223372036854775807", "9223372036854775808", "123456789012345678901234567890", "01", "+1", "1.", ".5", "NaN",
    ];

    private static readonly string[] s_values =
    [
        "null", "true", "false", "\"\"", "\"a\"", "\" \"", "\"\\ud800\"", "\"\\u0000\"", "\"\\uD83D\\uDE00\"", "[]", "{}", "[[]]", "{\"type\":\"Sequence\"}", "17",
        "\"(a+)+$\"", "\"(((((((((a?)*)*)*)*)*)*)*)*)*b\"", "\"(?<=a{1,9999})b\"", "\"[[a-z]&&[^a]]\"", "\"\\\\p{Han}{1,50000}\"", "\"(?=\"", "\"$\"", "\"|\"", "\"x*\"", "\"\\\\X+\"",
        "\"Removed\"", "\"Isolated\"", "\"first\"", "\"never\"", "{\"Regex\":\"\"}", "{\"String\":\"\"}", "{\"Fixed\":2000000000}",
    ];

    /// <summary>A broken copy of a file: one change, or a few.</summary>
    public static byte[] Break(byte[] file, Random random)
    {
        var bytes = file;
        for (var changes = 1 + (int)(3 * Math.Pow(random.NextDouble(), 3)); changes > 0; changes--) bytes = Change(bytes, random);
        return bytes;
    }

    private static byte[] Change(byte[] bytes, Random random)
    {
        if (random.Next(20) == 0) return ChangeBytes(bytes, random);
        if (random.Next(10) < 6) return JsonTreeMutation.Change(bytes, random);
        var tokens = TokensOf(bytes);
        if (tokens.Count == 0) return bytes;
        var at = random.Next(tokens.Count);
        switch (random.Next(9))
        {
            case 0:
                tokens.RemoveRange(at, Math.Min(1 + random.Next(4), tokens.Count - at));
                break;
            case 1:
                tokens.InsertRange(at, tokens.GetRange(at, Math.Min(1 + random.Next(12), tokens.Count - at)));
                break;
            case 2:
                Replace(tokens, random, static token => char.IsAsciiDigit(token[0]) || token[0] == '-', s_numbers[random.Next(s_numbers.Length)]);
                break;
            case 3:
                Replace(tokens, random, static token => char.IsAsciiDigit(token[0]) || token[0] == '-', new string('9', 1 + random.Next(400)));
                break;
            case 4:
                Replace(tokens, random, static token => token[0] is not ('{' or '}' or '[' or ']' or ',' or ':'), s_values[random.Next(s_values.Length)]);
                break;
            case 5:
                var strings = tokens.Where(static token => token[0] == '"').ToList();
                if (strings.Count > 0) Replace(tokens, random, static token => token[0] == '"', strings[random.Next(strings.Count)]);
                break;
            case 6:
                Nest(tokens, at, random);
                break;
            case 7:
                Replace(tokens, random, static token => token[0] == '"', $"\"{new string((char)('a' + random.Next(3)), 1 << random.Next(14))}\"");
                break;
            default:
                var other = random.Next(tokens.Count);
                (tokens[at], tokens[other]) = (tokens[other], tokens[at]);
                break;
        }

        return Encoding.UTF8.GetBytes(string.Concat(tokens));
    }

    private static byte[] ChangeBytes(byte[] bytes, Random random)
    {
        if (bytes.Length == 0) return bytes;
        var copy = bytes.ToArray();
        if (random.Next(3) == 0) return copy[..random.Next(copy.Length)];
        for (var flips = 1 + random.Next(6); flips > 0; flips--) copy[random.Next(copy.Length)] ^= (byte)(1 << random.Next(8));
        return copy;
    }

    // A value within many arrays, or a part within many sequences of its kind.
    private static void Nest(List<string> tokens, int at, Random random)
    {
        var depth = 1 << random.Next(16);
        var (open, close) = random.Next(5) switch
        {
            0 => ("[", "]"),
            1 => ("{\"a\":", "}"),
            2 => ("{\"type\":\"Sequence\",\"normalizers\":[", "]}"),
            3 => ("{\"type\":\"Sequence\",\"pretokenizers\":[", "]}"),
            _ => ("{\"type\":\"Sequence\",\"decoders\":[", "]}"),
        };
        tokens[at] = string.Concat(Enumerable.Repeat(open, depth)) + tokens[at] + string.Concat(Enumerable.Repeat(close, random.Next(4) == 0 ? depth - 1 : depth));
    }

    private static void Replace(List<string> tokens, Random random, Func<string, bool> isOne, string by)
    {
        var places = Enumerable.Range(0, tokens.Count).Where(i => isOne(tokens[i])).ToList();
        if (places.Count > 0) tokens[places[random.Next(places.Count)]] = by;
    }

    // Strings, punctuation, and whatever lies between; white space goes.
    private static List<string> TokensOf(byte[] bytes)
    {
        var text = Encoding.UTF8.GetString(bytes);
        var tokens = new List<string>();
        for (var at = 0; at < text.Length;)
        {
            var start = at++;
            if (char.IsWhiteSpace(text[start])) continue;
            if (text[start] == '"')
            {
                while (at < text.Length && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
                at = Math.Min(at + 1, text.Length);
            }
            else if (text[start] is not ('{' or '}' or '[' or ']' or ',' or ':'))
            {
                while (at < text.Length && !char.IsWhiteSpace(text[at]) && text[at] is not ('{' or '}' or '[' or ']' or ',' or ':' or '"')) at++;
            }

            tokens.Add(text[start..at]);
        }

        return tokens;
    }
}
