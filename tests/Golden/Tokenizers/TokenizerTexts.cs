using System.Text.Json;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Golden.Tests;

/// <summary>The texts of the tokenizers' cases, and the reading and writing of one part.</summary>
internal static class TokenizerTexts
{
    internal const string Area = "tokenizers";

    private static readonly Lazy<IReadOnlyDictionary<int, string>> s_texts = new(static () => File.ReadLines(GoldenFolder.At(Area, "texts.jsonl"))
        .Where(static line => line.Length > 0)
        .Select(static line => JsonSerializer.Deserialize<JsonElement>(line))
        .ToDictionary(static row => (int)row.Integer("i"), static row => row.Text("text")));

    /// <summary>The texts by their numbers.</summary>
    internal static IReadOnlyDictionary<int, string> All => s_texts.Value;

    /// <summary>Reads a part from its configuration.</summary>
    internal static T Read<T>(JsonElement config, Func<JsonPart, T> reader) =>
        JsonPart.Read(System.Text.Encoding.UTF8.GetBytes(config.GetRawText()), "case", reader);

    /// <summary>Fails unless a part writes the bytes of the configuration that it was read from.</summary>
    internal static void AssertWritesBack(JsonElement config, ITokenizerPart part)
    {
        var output = new JsonOutput();
        part.WriteTo(output);
        var expected = new JsonOutput();
        // The case's own bytes, but for the way that its writer escapes characters.
        JsonCopy.Write(expected, config);
        Assert.AreEqual(System.Text.Encoding.UTF8.GetString(expected.ToBytes()), System.Text.Encoding.UTF8.GetString(output.ToBytes()), "The part is written otherwise than it was read.");
    }
}
