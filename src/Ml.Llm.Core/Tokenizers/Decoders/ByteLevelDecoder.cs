using System.Buffers;
using System.Text;

namespace Ml.Llm.Tokenization;

/// <summary>
/// Turns the characters of tokens into the bytes that they stand for, and all bytes into one text; a token with any other
/// character is text. Bytes that are no character give U+FFFD.
/// </summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class ByteLevelDecoder(ByteLevelOptions options) : ITokenDecoder
{
    public void Decode(List<string> tokens)
    {
        var bytes = new ArrayBufferWriter<byte>();
        foreach (var token in tokens) bytes.Write(BytesOf(token));
        tokens.Clear();
        tokens.Add(Encoding.UTF8.GetString(bytes.WrittenSpan));
    }

    /// <summary>The UTF-8 bytes that a token contributes, which may be a part of a character.</summary>
    public static byte[] BytesOf(string token) => ByteAlphabet.TryGetBytes(token, out var bytes) ? bytes : Encoding.UTF8.GetBytes(token);

    public void WriteTo(JsonOutput output) => options.WriteTo(output);
}
