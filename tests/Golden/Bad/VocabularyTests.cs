using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Golden.Tests.Bad;

/// <summary>The cases of vocab.txt in golden/bad: broken files are refused with a message of their kind and the line, good ones read right.</summary>
[TestClass, TestCategory("golden-bad")]
public sealed class VocabularyTests
{
    private const string Area = "bad";
    private const string List = "cases.json";
    private const string Reader = "vocab";
    private const int AllowedBytes = 64 << 20;
    private const int AllowedBytesOfMade = 16 << 20;

    private static readonly string[] s_whereAccepted = ["accept", "either"];
    private static readonly string[] s_whereRefused = ["refuse", "either"];

    private static readonly Dictionary<string, string> SaidBy = new(StringComparer.Ordinal)
    {
        ["bom"] = "byte order mark",
        ["duplicate_token"] = "twice",
        ["empty_token"] = "is empty",
        ["empty_vocabulary"] = "vocabulary is empty",
        ["unknown_token_missing"] = "the unknown token",
        ["not_utf8"] = "not valid Unicode",
        ["bad_token"] = "holds ",
        ["line_too_long"] = "is too long",
    };

    public static IEnumerable<object[]> Cases => GoldenFolder.Rows(
        Area, List, static file => All(file).Where(static entry => entry.Text("reader") == Reader).Select(static entry => entry.Text("name")));

    [TestMethod, DynamicData(nameof(Cases))]
    public void Bad_vocabularies_are_refused_by_kind_and_good_ones_accepted(string name)
    {
        GoldenFolder.Require(Area, name);
        NotYet.SkipReader(Reader);
        var definition = All(GoldenFolder.At(Area, List)).Single(entry => entry.Text("name") == name);
        var made = definition.TryGetProperty("make", out var parts) ? Make(parts) : null;
        var path = made ?? GoldenFolder.At(Area, definition.Text("file"));
        try
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var clock = Stopwatch.StartNew();
            var problem = Try(path, definition);
            Assert.IsLessThan(made is null ? 2 : 20, clock.Elapsed.TotalSeconds, name);
            var allowed = made is null ? new FileInfo(path).Length + AllowedBytes : AllowedBytesOfMade;
            Assert.IsLessThan(allowed, GC.GetAllocatedBytesForCurrentThread() - before, name);
            File.Open(path, FileMode.Open, FileAccess.Read, FileShare.None).Dispose();
            Check(definition, problem, path);
        }
        finally
        {
            if (made is not null) File.Delete(made);
        }
    }

    private static void Check(JsonElement definition, string? problem, string path)
    {
        var expect = definition.Text("expect");
        Assert.Contains(expect, problem is null ? s_whereAccepted : s_whereRefused, $"{definition.Text("name")}: {problem ?? "accepted"}");
        if (problem is null) return;
        Assert.Contains(Path.GetFileName(path), problem, "The message must name the file.");
        if (definition.TryGetProperty("line", out var line)) Assert.Contains($"line {line.GetInt32()} ", problem);
        var kinds = definition.Text("error").Split('|');
        foreach (var kind in kinds) Assert.Contains(kind, SaidBy.Keys, "Unknown kind of error.");
        Assert.Contains(kind => problem.Contains(SaidBy[kind], StringComparison.Ordinal), kinds, $"{definition.Text("error")} expected: {problem}");
    }

    private static string? Try(string path, JsonElement definition)
    {
        try
        {
            if (definition.TryGetProperty("options", out var options))
            {
                using var stream = File.OpenRead(path);
                VocabularyTextReader.Read(stream, path, (int)options.Integer("max_line_bytes"));
            }

            var tokenizer = LanguageModelTokenizer.FromPretrained(path);
            if (definition.TryGetProperty("expected", out var expected)) CheckVocabulary(tokenizer, expected);
            return null;
        }
        catch (ModelFormatException refusal)
        {
            return refusal.Message;
        }
    }

    private static void CheckVocabulary(LanguageModelTokenizer tokenizer, JsonElement expected)
    {
        foreach (var field in expected.EnumerateObject())
        {
            Assert.IsTrue(field.Name is "vocabulary" or "vocabulary_part", $"The field {field.Name} of the case is not known.");
            var ids = field.Value.Deserialize<Dictionary<string, int>>()!;
            foreach (var (token, id) in ids) Assert.AreEqual(id, tokenizer.IdOf(token), token);
            if (field.Name == "vocabulary") Assert.AreEqual(ids.Count, tokenizer.VocabularySize);
        }
    }

    private static string Make(JsonElement parts)
    {
        var path = Path.Combine(Path.GetTempPath(), $"mlllm-{Guid.NewGuid():N}.txt");
        using var stream = File.Create(path);
        foreach (var part in parts.EnumerateArray())
        {
            var text = part.TryGetProperty("repeat", out var repeated) ? repeated : part.Get("text");
            var count = part.TryGetProperty("count", out var times) ? times.GetInt64() : 1;
            var bytes = Encoding.UTF8.GetBytes(text.GetString()!);
            for (var block = Enumerable.Repeat(bytes, (int)Math.Min(count, 1 << 16)).SelectMany(static value => value).ToArray(); count > 0;)
            {
                var now = (int)Math.Min(count, 1 << 16);
                stream.Write(block, 0, now * bytes.Length);
                count -= now;
            }
        }

        return path;
    }

    private static JsonElement[] All(string file) => [.. Json.Read(file).EnumerateArray()];
}
