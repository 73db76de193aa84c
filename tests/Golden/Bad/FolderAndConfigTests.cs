using System.Diagnostics;
using System.Text.Json;

namespace Ml.Llm.Golden.Tests.Bad;

/// <summary>The config and shards cases of golden/bad: broken files are refused with a message of their kind, good ones are read right.</summary>
[TestClass, TestCategory("golden-bad")]
public sealed class FolderAndConfigTests
{
    private const string Area = "bad";
    private const int AllowedBytes = 64 << 20;

    // What a message of each kind says, so that two kinds can be told apart.
    private static readonly Dictionary<string, string[]> SaidBy = new(StringComparer.Ordinal)
    {
        ["not_json"] = ["is not valid JSON"],
        ["not_utf8"] = ["is not UTF-8"],
        ["json_too_deep"] = ["nested deeper than"],
        ["wrong_type"] = [" must be "],
        ["duplicate_key"] = ["is there twice; keep one"],
        ["missing_field"] = [" is missing"],
        ["unknown_model_type"] = ["is not known here"],
        ["out_of_range"] = ["is out of range"],
        ["too_large"] = ["is too large"],
        ["not_divisible"] = ["is no multiple of"],
        ["unknown_value"] = ["is not one of"],
        ["not_finite"] = ["is not finite"],
        ["missing_shard"] = ["the shard ", " is missing from the folder"],
        ["missing_tensor"] = ["the tensor ", " is missing"],
        ["duplicate_tensor"] = ["the tensor ", " is there twice"],
        ["unlisted_tensor"] = ["is not listed in"],
        ["bad_shard_name"] = ["the shard name ", " is refused"],
        ["incomplete_buffer"] = ["incomplete or has bytes that belong to no tensor"],
        ["unexpected_tensor"] = ["is unexpected"],
        ["wrong_shape"] = ["has the wrong shape"],
        ["wrong_dtype"] = ["weights must be F32"],
        ["no_weights"] = ["there are no weights"],
        ["pickle_not_supported"] = ["is a pickle"],
        ["header_too_large"] = ["the header is too large"],
        ["invalid_header_length"] = ["the header's length reaches past the end"],
        ["git_lfs_pointer"] = ["is a Git LFS pointer"],
    };

    private static readonly string[] Readers = ["config", "shards"];
    private static readonly string[] ReadersWithTestsOfTheirOwn = ["safetensors", "tokenizer", "tokenizer_config", "vocab", "zip"];

    public static IEnumerable<object[]> Cases => GoldenFolder.Rows(Area, "cases.json", static file => All(file).Where(static entry => !ReadersWithTestsOfTheirOwn.Contains(entry.Text("reader"))).Select(static entry => entry.Text("name")));

    [TestMethod, DynamicData(nameof(Cases))]
    public void Bad_files_are_refused_by_kind_and_good_ones_accepted(string name)
    {
        GoldenFolder.Require(Area, name);
        var definition = All(GoldenFolder.At(Area, "cases.json")).Single(entry => entry.Text("name") == name);
        var reader = definition.Text("reader");
        NotYet.SkipReader(reader);
        Assert.Contains(reader, Readers, $"The reader {reader} is not known.");
        var path = GoldenFolder.At(Area, definition.Text(reader == "config" ? "file" : "folder"));
        SkipFamilies(reader == "config" ? path : Path.Combine(path, "config.json"));
        TorchEngine.EnsureLoaded();

        var before = GC.GetAllocatedBytesForCurrentThread();
        var clock = Stopwatch.StartNew();
        var problem = reader == "config" ? TryConfig(path, definition) : TryFolder(path);
        Assert.IsLessThan(reader == "config" ? 2 : 5, clock.Elapsed.TotalSeconds, name);
        Assert.IsLessThan(SizeOf(path) + AllowedBytes, GC.GetAllocatedBytesForCurrentThread() - before, name);
        CheckClosed(path);

        var expect = definition.Text("expect");
        Assert.IsTrue(problem is null ? expect is "accept" or "either" : expect is "refuse" or "either", $"{name}: {problem ?? "accepted"}");
        if (problem is not null)
            CheckKind(definition.Text("error"), problem, Path.GetFileName(path));
    }

    private static JsonElement[] All(string file) => [.. Json.Read(file).EnumerateArray()];

    // A configuration that can be read far enough to tell its family is skipped where that family is not built yet.
    private static void SkipFamilies(string file)
    {
        string? family;
        try
        {
            var bytes = File.ReadAllBytes(file).AsMemory();
            using var document = JsonDocument.Parse(bytes.Span.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes);
            family = document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("model_type", out var type) && type.ValueKind == JsonValueKind.String
                ? type.GetString()
                : null;
        }
        catch (JsonException)
        {
            return;
        }

        if (family is not null)
            NotYet.SkipFamily(family);
    }

    private static string? TryConfig(string path, JsonElement definition)
    {
        try
        {
            var config = ModelConfig.FromJson(File.ReadAllBytes(path), path);
            foreach (var expectation in new[] { "expected", "peer_default" })
            {
                if (definition.TryGetProperty(expectation, out var values))
                    CheckValues(config, values);
            }

            return null;
        }
        catch (ModelFormatException refusal)
        {
            return refusal.Message;
        }
    }

    // What was read is looked up in what is written; rope_theta stands inside rope_parameters there.
    private static void CheckValues(ModelConfig config, JsonElement values)
    {
        using var written = JsonDocument.Parse(config.ToJson());
        foreach (var value in values.EnumerateObject())
        {
            if (!written.RootElement.TryGetProperty(value.Name, out var got))
                got = written.RootElement.Get("rope_parameters").Get(value.Name);
            Assert.IsTrue(JsonElement.DeepEquals(value.Value, got), $"{value.Name} is {got}, expected {value.Value}.");
        }
    }

    private static string? TryFolder(string path)
    {
        try
        {
            using var model = LanguageModel.FromPretrained(path);
            return null;
        }
        catch (ModelFormatException refusal)
        {
            return refusal.Message;
        }
    }

    private static void CheckKind(string kinds, string message, string path)
    {
        Assert.Contains(path, message, "The message must name the file or folder.");
        foreach (var kind in kinds.Split('|'))
        {
            Assert.IsTrue(SaidBy.TryGetValue(kind, out var texts), $"Unknown kind of error: {kind}");
            if (texts!.All(text => message.Contains(text, StringComparison.Ordinal)))
                return;
        }

        Assert.Fail($"{kinds} expected: {message}");
    }

    private static long SizeOf(string path) => File.Exists(path)
        ? new FileInfo(path).Length
        : Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Sum(static file => new FileInfo(file).Length);

    // A file opens alone only where the reader has closed it.
    private static void CheckClosed(string path)
    {
        foreach (var file in File.Exists(path) ? [path] : Directory.GetFiles(path, "*", SearchOption.AllDirectories))
            File.Open(file, FileMode.Open, FileAccess.Read, FileShare.None).Dispose();
    }
}
