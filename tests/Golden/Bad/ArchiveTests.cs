using System.Diagnostics;
using System.Text.Json;
using Ml.Llm.Persistence;

namespace Ml.Llm.Golden.Tests.Bad;

/// <summary>The zip cases of golden/bad: broken or hostile model archives are refused with a message of their kind, good ones are read right.</summary>
[TestClass]
[TestCategory("golden-bad")]
public sealed class ArchiveTests
{
    private const string Area = "bad";
    private const string List = "cases.json";

    // What a message of each kind says, so that two kinds can be told apart.
    private static readonly Dictionary<string, string> SaidBy = new(StringComparer.Ordinal)
    {
        ["bad_entry_name"] = "entry name",
        ["symbolic_link"] = "symbolic link",
        ["duplicate_entry"] = "there twice",
        ["too_large"] = "too large",
        ["too_many_entries"] = "too many entries",
        ["size_mismatch"] = "size",
        ["bad_checksum"] = "checksum",
        ["bad_zip"] = "not a readable zip",
        ["encrypted"] = "encrypted",
        ["unknown_compression"] = "compression",
        ["overlapping_entries"] = "overlap",
        ["no_model"] = "holds no model",
    };

    public static IEnumerable<object[]> Cases => GoldenFolder.Rows(Area, List, static file => All(file).Where(static entry => entry.Text("reader") == "zip").Select(static entry => entry.Text("name")));

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void Case_is_refused_or_read_as_listed(string name)
    {
        GoldenFolder.Require(Area, name);
        var definition = All(GoldenFolder.At(Area, List)).Single(entry => entry.Text("reader") == "zip" && entry.Text("name") == name);
        var clock = Stopwatch.StartNew();
        var problem = Try(definition);
        Assert.IsLessThan(2, clock.Elapsed.TotalSeconds, name);
        var expect = definition.Text("expect");
        Assert.IsTrue(problem is null ? expect is "accept" or "either" : expect is "refuse" or "either", $"{name}: {problem ?? "accepted"}");
        if (problem is null)
            return;
        var kinds = definition.Text("error").Split('|').Select(kind => SaidBy.TryGetValue(kind, out var text) ? text : throw new AssertFailedException($"Unknown kind of error: {kind}"));
        Assert.Contains(text => problem.Contains(text, StringComparison.Ordinal), kinds, $"{definition.Text("error")} expected: {problem}");
    }

    private static JsonElement[] All(string file) => [.. Json.Read(file).EnumerateArray()];

    // Null where the archive was read and holds what is expected, else the message of the refusal.
    private static string? Try(JsonElement definition)
    {
        try
        {
            var sizes = ReadAll(GoldenFolder.At(Area, definition.Text("file")), Limits(definition));
            if (definition.TryGetProperty("expected", out var expected))
            {
                var entries = expected.GetProperty("entries").EnumerateObject().Select(static entry => $"{entry.Name}: {entry.Value.GetInt64()}").Order(StringComparer.Ordinal).ToArray();
                Assert.AreSequenceEqual(entries, sizes.Order(StringComparer.Ordinal).ToArray());
            }

            return null;
        }
        catch (ModelFormatException refusal)
        {
            return refusal.Message;
        }
    }

    private static ModelZipLimits Limits(JsonElement definition)
    {
        var limits = new ModelZipLimits();
        if (!definition.TryGetProperty("options", out var options))
            return limits;
        foreach (var option in options.EnumerateObject())
        {
            limits = option.Name switch
            {
                "max_uncompressed_bytes" => limits with { MaximumBytes = option.Value.GetInt64() },
                "max_entries" => limits with { MaximumEntries = option.Value.GetInt32() },
                _ => throw new AssertFailedException($"Unknown option: {option.Name}"),
            };
        }

        return limits;
    }

    private static List<string> ReadAll(string path, ModelZipLimits limits)
    {
        using var archive = ModelArchive.Open(path, limits);
        var sizes = new List<string>();
        foreach (var name in archive.Files.Keys)
        {
            using var bytes = new MemoryStream();
            archive.CopyTo(name, bytes);
            sizes.Add($"{name}: {bytes.Length}");
        }

        return sizes;
    }
}
