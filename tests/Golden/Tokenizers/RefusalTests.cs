using System.Text;
using System.Text.Json;

namespace Ml.Llm.Golden.Tests.Tokenizers;

/// <summary>refusals.jsonl: files that are wrong or odd, which are refused with a typed error or give the ids of the peer.</summary>
[TestClass, TestCategory("golden-tokenizers")]
public sealed class RefusalTests
{
    private const string FileName = "refusals.jsonl";

    // Where this library is stricter than the peer: an option that is not known is never passed over, and an id stands for one token.
    private static readonly string[] s_stricter = ["is not known", "the same id"];

    public static IEnumerable<object[]> Cases => JsonLines.Names(TokenizerCases.Area, FileName);

    [TestMethod, DynamicData(nameof(Cases))]
    public void It_is_refused_where_the_peer_refuses_and_read_where_the_peer_reads(string name)
    {
        GoldenFolder.Require(TokenizerCases.Area, name);
        var row = JsonLines.Find(TokenizerCases.Area, FileName, name);
        var json = row.TryGetProperty("text_of_file", out var text) ? text.GetString()! : row.Get("tokenizer").GetRawText();
        var refused = row.TryGetProperty("refused", out var when) ? when.GetString() : null;
        var problem = Try(json, row, refused is null);

        // Of some files the case tells nothing but that there must be a result or a typed error.
        if (refused is null && !row.TryGetProperty("ids", out _)) return;
        if (refused is null)
        {
            Assert.IsTrue(
                problem is null || (problem is ModelFormatException && s_stricter.Any(said => problem.Message.Contains(said, StringComparison.Ordinal))), $"{problem}");
        }
        else
        {
            Assert.IsTrue(problem is ModelFormatException or DataFormatException or ArgumentException, problem is null ? "It was accepted." : $"{problem}");
        }
    }

    private static Exception? Try(string json, JsonElement row, bool compare)
    {
        try
        {
            using var stream = new MemoryStream(Encoding.UTF8.GetBytes(json));
            var tokenizer = LanguageModelTokenizer.FromStream(stream);
            if (!row.TryGetProperty("text", out var text) || text.ValueKind == JsonValueKind.Null) return null;
            var encoding = tokenizer.Encode(text.GetString()!, new() { ParseSpecialTokens = true });
            if (!compare) return null;
            Assert.AreSequenceEqual(row.Ints("ids"), encoding.Ids.ToArray());
            if (row.TryGetProperty("tokens", out var tokens)) Assert.AreSequenceEqual(tokens.Deserialize<string[]>()!, encoding.Tokens.ToArray());
            return null;
        }
        catch (Exception problem) when (problem is LlmException or ArgumentException)
        {
            return problem;
        }
    }
}
