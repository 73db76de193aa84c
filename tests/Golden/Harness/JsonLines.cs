using System.Text.Json;

namespace Ml.Llm.Golden.Tests;

/// <summary>Files with one case a line, each with a name.</summary>
internal static class JsonLines
{
    /// <summary>The names of the cases, for DynamicData.</summary>
    internal static IEnumerable<object[]> Names(string area, string file) =>
        GoldenFolder.Rows(area, file, static path => Lines(path).Select(static line => line.Text("name")));

    /// <summary>The case of a name.</summary>
    internal static JsonElement Find(string area, string file, string name) =>
        Lines(GoldenFolder.At(area, file)).Single(line => line.Text("name") == name);

    private static IEnumerable<JsonElement> Lines(string path)
    {
        foreach (var line in File.ReadLines(path).Where(static line => line.Length > 0))
        {
            using var document = JsonDocument.Parse(line);
            yield return document.RootElement.Clone();
        }
    }
}
