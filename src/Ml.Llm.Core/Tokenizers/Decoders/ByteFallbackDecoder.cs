using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;

namespace Ml.Llm.Tokenization;

/// <summary>Turns runs of byte tokens, <c>&lt;0xE6&gt;&lt;0xBC&gt;&lt;0xA2&gt;</c>, into the text of their bytes; bytes that are no text give U+FFFD each.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class ByteFallbackDecoder : ITokenDecoder
{
    private const string Replacement = "\uFFFD";

    public void Decode(List<string> tokens)
    {
        var bytes = new List<byte>();
        var result = new List<string>(tokens.Count);
        foreach (var token in tokens)
        {
            if (TryGetByte(token, out var value))
            {
                bytes.Add(value);
                continue;
            }

            AddText(bytes, result);
            result.Add(token);
        }

        AddText(bytes, result);
        tokens.Clear();
        tokens.AddRange(result);
    }

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "ByteFallback");
        output.EndObject();
    }

    private static bool TryGetByte(string token, out byte value)
    {
        value = 0;
        if (token.Length != 6 || !token.StartsWith("<0x", StringComparison.Ordinal) || token[5] != '>') return false;

        // A sign before one digit is a number to Hugging Face.
        var (high, low) = (token[3] == '+' ? 0 : DigitOf(token[3]), DigitOf(token[4]));
        value = (byte)((high << 4) | (low & 0xF));
        return high >= 0 && low >= 0;
    }

    private static int DigitOf(char character) => char.IsAsciiHexDigit(character) ? Convert.ToInt32(character.ToString(), 16) : -1;

    private static void AddText(List<byte> bytes, List<string> result)
    {
        if (bytes.Count == 0) return;
        var span = CollectionsMarshal.AsSpan(bytes);
        if (Utf8.IsValid(span)) result.Add(Encoding.UTF8.GetString(span));
        else result.AddRange(Enumerable.Repeat(Replacement, bytes.Count));
        bytes.Clear();
    }
}
