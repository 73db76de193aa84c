using System.Text.Json;

namespace Ml.Llm.Golden.Tests;

/// <summary>
/// What not-yet.txt names as not built yet: areas, families, readers and features, never cases. A test asks before it runs a
/// case, and ends as skipped, by name, where the case is one of them.
/// </summary>
/// <remarks>
/// A line is `area NAME` (or `area NAME/PART` for a part that is a file or folder of its own), `family NAME`, `reader NAME` or
/// `feature KEY`, `feature KEY=VALUE` or `feature KEY!=VALUE`, where KEY is a dotted path in config.json, options.json or case.json;
/// # begins a comment.
/// </remarks>
internal static class NotYet
{
    private static readonly Lazy<ILookup<string, string>> Entries = new(Read);

    /// <summary>Ends the test as skipped where the whole area is not built yet.</summary>
    internal static void SkipArea(string area) => Skip("area", area);

    /// <summary>Ends the test as skipped where the model family is not built yet.</summary>
    internal static void SkipFamily(string family) => Skip("family", family);

    /// <summary>Ends the test as skipped where the reader is not built yet.</summary>
    internal static void SkipReader(string reader) => Skip("reader", reader);

    /// <summary>Ends the test as skipped where config.json, options.json or case.json has a feature that is not built yet.</summary>
    internal static void SkipFeatures(JsonElement file)
    {
        foreach (var feature in Entries.Value["feature"])
        {
            var unequal = feature.Contains("!=", StringComparison.Ordinal);
            var parts = feature.Split(unequal ? "!=" : "=", 2);
            if (Find(file, parts[0]) is { } value && (parts.Length == 1 || (Text(value) == parts[1]) != unequal))
                Assert.Inconclusive($"Not yet: feature {feature}.");
        }
    }

    /// <summary>Whether a name of this kind is listed.</summary>
    internal static bool Names(string kind, string name) => Entries.Value[kind].Contains(name);

    private static void Skip(string kind, string name)
    {
        if (Names(kind, name))
            Assert.Inconclusive($"Not yet: {kind} {name}.");
    }

    private static JsonElement? Find(JsonElement file, string path)
    {
        var value = file;
        foreach (var name in path.Split('.'))
        {
            if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(name, out value))
                return null;
        }

        return value.ValueKind == JsonValueKind.Null ? null : value;
    }

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();

    private static ILookup<string, string> Read()
    {
        var entries = new List<(string Kind, string Name)>();
        foreach (var line in File.ReadLines(Path.Combine(GoldenFolder.Repository, "tests", "Golden", "not-yet.txt")))
        {
            var text = line.Split('#')[0].Trim();
            if (text.Length == 0)
                continue;
            var parts = text.Split(' ', 2, StringSplitOptions.TrimEntries);
            if (parts.Length != 2 || parts[0] is not ("area" or "family" or "reader" or "feature"))
                throw new FormatException($"not-yet.txt: \"{line}\" is neither area, family, reader nor feature with a name.");
            entries.Add((parts[0], parts[1]));
        }

        return entries.ToLookup(static entry => entry.Kind, static entry => entry.Name);
    }
}
