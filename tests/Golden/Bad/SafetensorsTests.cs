using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Ml.Llm.Checkpoints;
using TorchSharp;

namespace Ml.Llm.Golden.Tests.Bad;

/// <summary>The safetensors cases of golden/bad: broken files are refused with a message of their kind, good ones are read right.</summary>
[TestClass]
[TestCategory("golden-bad")]
public sealed class SafetensorsTests
{
    private const string Area = "bad";
    private const string List = "cases.json";

    // What a message of each kind says, so that two kinds can be told apart.
    private static readonly Dictionary<string, string> SaidBy = new(StringComparer.Ordinal)
    {
        ["header_too_small"] = "too small for a safetensors file",
        ["header_too_large"] = "the header is too large",
        ["invalid_header_length"] = "the header's length reaches past the end",
        ["invalid_header"] = "the safetensors header is invalid",
        ["invalid_header_start"] = "does not begin with '{'",
        ["duplicate_key"] = "has a duplicate",
        ["invalid_offset"] = "has invalid offsets",
        ["validation_overflow"] = "overflows 63 bits",
        ["incomplete_buffer"] = "incomplete or has bytes that belong to no tensor",
        ["tensor_invalid_info"] = "size does not fit its type and shape",
        ["unknown_dtype"] = "of the unknown dtype",
        ["unsupported_dtype"] = "which is not supported",
        ["too_many_dimensions"] = "too many dimensions",
        ["misaligned"] = "is misaligned",
    };

    public static IEnumerable<object[]> Cases => GoldenFolder.Rows(Area, List, static file => All(file).Where(static entry => entry.Text("reader") == "safetensors").Select(static entry => entry.Text("name")));

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void Case_is_refused_or_read_as_listed(string name)
    {
        GoldenFolder.Require(Area, name);
        TorchEngine.EnsureLoaded();
        var definition = All(GoldenFolder.At(Area, List)).Single(entry => entry.Text("name") == name);
        var made = definition.TryGetProperty("make", out var parts);
        var path = made ? Make(parts) : GoldenFolder.At(Area, definition.Text("file"));
        try
        {
            var clock = Stopwatch.StartNew();
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            var problem = Try(path, definition);
            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            Assert.IsLessThan(made ? 20 : 2, clock.Elapsed.TotalSeconds, name);
            Assert.IsLessThan(new FileInfo(path).Length + (64L << 20), allocated, name);
            using (File.Open(path, FileMode.Open, FileAccess.Read, FileShare.None))
            {
                // Opens only where the reader has closed the file.
            }

            var expect = definition.GetProperty("expect").GetString();
            Assert.IsTrue(problem is null ? expect is "accept" or "either" : expect is "refuse" or "either", $"{name}: {problem ?? "accepted"}");
            if (problem is not null)
                CheckKind(problem, definition.GetProperty("error").GetString()!, path);
        }
        finally
        {
            if (made)
                File.Delete(path);
        }
    }

    private static JsonElement[] All(string file) => [.. Json.Read(file).EnumerateArray()];

    // Null where the file was read and holds what is expected, else the message of the refusal.
    private static string? Try(string path, JsonElement definition)
    {
        try
        {
            using var file = SafetensorsFile.Open(path);
            if (definition.TryGetProperty("expected", out var expected))
                CheckContent(file, expected);
            return null;
        }
        catch (ModelFormatException refusal)
        {
            return refusal.Message;
        }
    }

    private static void CheckKind(string message, string kinds, string path)
    {
        Assert.Contains(Path.GetFileName(path), message);
        var expected = kinds.Split('|').Select(kind => SaidBy.TryGetValue(kind, out var text) ? text : throw new AssertFailedException($"Unknown kind of error: {kind}")).ToList();
        Assert.IsTrue(expected.Exists(text => message.Contains(text, StringComparison.Ordinal)), $"{kinds} expected: {message}");
    }

    private static void CheckContent(SafetensorsFile file, JsonElement expected)
    {
        if (expected.TryGetProperty("tensor_count", out var count))
            Assert.HasCount(count.GetInt32(), file.Entries);
        if (expected.TryGetProperty("metadata", out var metadata))
        {
            Assert.HasCount(metadata.EnumerateObject().Count(), file.Metadata);
            foreach (var pair in metadata.EnumerateObject())
                Assert.AreEqual(pair.Value.GetString(), file.Metadata[pair.Name]);
        }

        if (!expected.TryGetProperty("tensors", out var tensors))
            return;
        Assert.HasCount(tensors.EnumerateObject().Count(), file.Entries);
        foreach (var tensor in tensors.EnumerateObject())
        {
            var entry = file.Entries[tensor.Name];
            Assert.AreEqual(tensor.Value.GetProperty("dtype").GetString(), entry.DType.Code());
            Assert.AreSequenceEqual(tensor.Value.GetProperty("shape").EnumerateArray().Select(value => value.GetInt64()).ToArray(), entry.Shape.ToArray());
            if (tensor.Value.TryGetProperty("values", out var values))
                CheckValues(file, tensor.Name, [.. values.EnumerateArray().Select(ReadNumber)]);
        }
    }

    private static void CheckValues(SafetensorsFile file, string name, double[] expected)
    {
        using var scope = torch.NewDisposeScope();
        var actual = file.Read(name).to(torch.ScalarType.Float64).reshape(-1).data<double>().ToArray();
        Assert.AreSequenceEqual(expected, actual, name);
    }

    private static double ReadNumber(JsonElement value) => value.ValueKind == JsonValueKind.String
        ? double.Parse(value.GetString()!, CultureInfo.InvariantCulture)
        : value.GetDouble();

    private static string Make(JsonElement parts)
    {
        var path = Path.Combine(Path.GetTempPath(), $"ml-llm-{Guid.NewGuid():N}.safetensors");
        using var stream = File.Create(path);
        foreach (var part in parts.EnumerateArray())
        {
            if (part.TryGetProperty("u64", out var number))
            {
                stream.Write(BitConverter.GetBytes(number.GetUInt64()));
            }
            else if (part.TryGetProperty("text", out var text))
            {
                stream.Write(Encoding.UTF8.GetBytes(text.GetString()!));
            }
            else
            {
                var once = part.GetProperty("repeat").GetString()!;
                var block = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(once, 10_000)));
                var left = part.GetProperty("count").GetInt64();
                for (; left >= 10_000; left -= 10_000)
                    stream.Write(block);
                stream.Write(block.AsSpan(0, (int)left * (block.Length / 10_000)));
            }
        }

        return path;
    }
}
