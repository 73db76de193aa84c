using System.IO.Compression;
using System.Text.Json;

namespace Ml.Llm.Golden.Tests.Tokenizers;

/// <summary>The golden cases of tokenizers.</summary>
internal static class TokenizerCases
{
    public const string Area = "tokenizers";

    /// <summary>The texts by their numbers.</summary>
    public static IReadOnlyDictionary<int, string> Texts => TokenizerTexts.All;

    public static string Root { get; } = GoldenFolder.At(Area);

    /// <summary>The folders of whole tokenizers, such as models/gpt2, that hold a file.</summary>
    public static IEnumerable<object[]> FoldersWith(string file, params string[] kinds) => GoldenFolder.List(Area, root => kinds
        .Where(kind => Directory.Exists(Path.Combine(root, kind)))
        .SelectMany(kind => Directory.EnumerateDirectories(Path.Combine(root, kind)).Select(folder => $"{kind}/{Path.GetFileName(folder)}"))
        .Where(folder => File.Exists(Path.Combine(root, folder, file))));

    /// <summary>The tokenizer of a folder, or of a file.</summary>
    public static LanguageModelTokenizer Tokenizer(params string[] path) => LanguageModelTokenizer.FromPretrained(Path.Combine([Root, .. path]));

    /// <summary>The tokenizer that a case holds as JSON.</summary>
    public static LanguageModelTokenizer Tokenizer(JsonElement json)
    {
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(json.GetRawText()));
        return LanguageModelTokenizer.FromStream(stream);
    }

    public static IEnumerable<JsonElement> Lines(params string[] path) =>
        File.ReadLines(Path.Combine([Root, .. path])).Where(line => line.Length > 0).Select(line => JsonSerializer.Deserialize<JsonElement>(line));

    public static JsonElement Json(string path) => JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(path));

    public static int[] Ints(this JsonElement element, string name) => element.GetProperty(name).Deserialize<int[]>()!;

    public static IReadOnlyList<string> Corpus(string file)
    {
        using var stream = new GZipStream(File.OpenRead(Path.Combine(Root, "corpus", file)), CompressionMode.Decompress);
        using var reader = new StreamReader(stream);
        var text = reader.ReadToEnd();
        return text.TrimEnd('\n').Split('\n');
    }
}
