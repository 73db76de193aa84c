using System.Diagnostics;
using System.Text.Json;

namespace Ml.Llm.Golden.Tests.Bad;

/// <summary>The tokenizer and tokenizer_config cases of golden/bad: broken files are refused with a message of their kind, good ones are read right.</summary>
[TestClass, TestCategory("golden-bad")]
public sealed class TokenizerTests
{
    private const string Area = "bad";
    private const string List = "cases.json";
    private const int AllowedBytes = 64 << 20;

    // What a message of each kind says, so that two kinds can be told apart; a message says one of them.
    private static readonly Dictionary<string, string[]> SaidBy = new(StringComparer.Ordinal)
    {
        ["not_json"] = ["not readable as JSON"],
        ["not_utf8"] = ["not valid Unicode"],
        ["json_too_deep"] = ["not readable as JSON: The maximum configured depth"],
        ["duplicate_key"] = ["not readable as JSON: Duplicate"],
        ["wrong_type"] = ["must be "],
        ["missing_field"] = [" is missing"],
        ["unknown_version"] = ["the version "],
        ["unknown_component"] = ["the type ", "\"type\" is missing"],
        ["unknown_value"] = ["is not one of", " is not known; "],
        ["unknown_special_token"] = ["is not among special_tokens"],
        ["unknown_token_missing"] = ["the unknown token"],
        ["merge_not_in_vocabulary"] = ["is not in the vocabulary"],
        ["bad_merge"] = ["a merge ", "merges[", "twice"],
        ["bad_id"] = ["the id of "],
        ["duplicate_id"] = ["the same id", "all have the id"],
        ["duplicate_token"] = ["twice"],
        ["empty_token"] = ["empty"],
        ["empty_vocabulary"] = ["vocabulary is empty", "no token", "empty"],
        ["missing_bytes"] = ["byte"],
        ["out_of_range"] = ["must be a whole number", "must lie between", "out of range", "beyond"],
        ["not_finite"] = ["finite"],
        ["bad_regex"] = ["pattern"],
        ["regex_timeout"] = ["steps"],
        ["bad_pattern"] = ["empty"],
        ["bad_charsmap"] = ["charsmap"],
        ["bad_template"] = ["as many ids as tokens", "is not known in this template", "type_id"],
    };

    public static IEnumerable<object[]> Cases => GoldenFolder.Rows(
        Area, List, static file => All(file).Where(static entry => entry.Text("reader") is "tokenizer" or "tokenizer_config").Select(static entry => entry.Text("name")));

    [TestMethod, DynamicData(nameof(Cases))]
    public void Bad_files_are_refused_by_kind_and_good_ones_accepted(string name)
    {
        GoldenFolder.Require(Area, name);
        var definition = All(GoldenFolder.At(Area, List)).Single(entry => entry.Text("name") == name);
        NotYet.SkipReader(definition.Text("reader"));
        var path = GoldenFolder.At(Area, definition.Text("file"));

        var before = GC.GetAllocatedBytesForCurrentThread();
        var clock = Stopwatch.StartNew();
        var (problem, loaded) = definition.Text("reader") == "tokenizer" ? TryTokenizer(path, definition) : TryConfig(path);
        Assert.IsLessThan(2, clock.Elapsed.TotalSeconds, name);
        Assert.IsLessThan(new FileInfo(path).Length + AllowedBytes, GC.GetAllocatedBytesForCurrentThread() - before, name);
        File.Open(path, FileMode.Open, FileAccess.Read, FileShare.None).Dispose();

        var expect = definition.Text("expect");
        Assert.IsTrue(problem is null ? expect is "accept" or "either" : expect is "refuse" or "either", $"{name}: {problem ?? "accepted"}");
        if (problem is null) return;
        if (!loaded) Assert.Contains(Path.GetFileName(path), problem, "The message must name the file.");
        CheckKind(definition.Text("error"), problem);
    }

    private static JsonElement[] All(string file) => [.. Json.Read(file).EnumerateArray()];

    // The message of the refusal, and whether the file itself was taken.
    private static (string? Problem, bool Loaded) TryTokenizer(string path, JsonElement definition)
    {
        var loaded = false;
        try
        {
            var tokenizer = LanguageModelTokenizer.FromPretrained(path);
            loaded = true;
            var encoding = tokenizer.Encode(definition.Text("probe"), new() { ParseSpecialTokens = true });
            if (definition.TryGetProperty("expected", out var expected))
                Assert.AreSequenceEqual(expected.Get("ids").Deserialize<int[]>()!, encoding.Ids.ToArray());
            return (null, loaded);
        }
        catch (Exception refusal) when (refusal is LlmException || (loaded && refusal is ArgumentException))
        {
            return (refusal.Message, loaded);
        }
    }

    // A configuration is read beside a tokenizer.
    private static (string? Problem, bool Loaded) TryConfig(string path)
    {
        try
        {
            LanguageModelTokenizer.FromFiles(
                name => name switch
                {
                    "tokenizer.json" => """{"model":{"type":"WordLevel","vocab":{"[UNK]":0,"[PAD]":1},"unk_token":"[UNK]"}}"""u8.ToArray(),
                    "tokenizer_config.json" => File.ReadAllBytes(path),
                    _ => null,
                },
                path);
            return (null, true);
        }
        catch (ModelFormatException refusal)
        {
            return (refusal.Message, false);
        }
    }

    private static void CheckKind(string kinds, string message)
    {
        foreach (var kind in kinds.Split('|'))
        {
            Assert.IsTrue(SaidBy.TryGetValue(kind, out var texts), $"Unknown kind of error: {kind}");
            if (texts!.Any(text => message.Contains(text, StringComparison.Ordinal))) return;
        }

        Assert.Fail($"{kinds} expected: {message}");
    }
}
