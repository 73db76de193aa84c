using System.Text.Json;

namespace Ml.Llm.Golden.Tests.Tokenizers;

/// <summary>An encoding as cases hold it: what is left out has its usual value.</summary>
internal static class ExpectedEncoding
{
    private static readonly HashSet<string> s_own =
    [
        "ids", "tokens", "offsets", "offsets_utf16", "word_ids", "type_ids", "special_tokens_mask", "attention_mask", "sequence_ids", "overflowing",
    ];

    /// <summary>Fails unless an encoding is the one expected, with all that overflows.</summary>
    /// <param name="expected">The case.</param>
    /// <param name="encoding">What came out.</param>
    /// <param name="what">What was encoded.</param>
    /// <param name="others">Fields of the case that are no part of the encoding.</param>
    public static void Check(JsonElement expected, TokenEncoding encoding, string what, params string[] others)
    {
        foreach (var field in expected.EnumerateObject())
            Assert.IsTrue(s_own.Contains(field.Name) || others.Contains(field.Name), $"The field {field.Name} of the case is not known.");

        var count = encoding.Ids.Count;
        Same(expected.Ints("ids"), encoding.Ids, "ids", what);
        Same(expected.Get("tokens").Deserialize<string[]>()!, encoding.Tokens, "tokens", what);
        Same(expected.Ints(expected.TryGetProperty("offsets_utf16", out _) ? "offsets_utf16" : "offsets"), encoding.Offsets, "offsets", what);
        Same(expected.Get("word_ids").Deserialize<int?[]>()!, encoding.Words, "word_ids", what);
        Same(IntsOr(expected, "type_ids", count, 0), encoding.TypeIds, "type_ids", what);
        Same(IntsOr(expected, "special_tokens_mask", count, 0), encoding.IsSpecial.Select(static special => special ? 1 : 0), "special_tokens_mask", what);
        Same(IntsOr(expected, "attention_mask", count, 1), encoding.AttentionMask, "attention_mask", what);
        if (expected.TryGetProperty("sequence_ids", out var sequences)) Same(sequences.Deserialize<int?[]>()!, encoding.SequenceIds, "sequence_ids", what);
        if (!expected.TryGetProperty("overflowing", out var overflowing)) return;
        if (overflowing.ValueKind == JsonValueKind.Number)
        {
            // Some cases tell only how many there are.
            Assert.HasCount(overflowing.GetInt32(), encoding.Overflowing, $"overflowing of {what}");
            return;
        }

        var (windows, made) = (overflowing.EnumerateArray().ToArray(), encoding.Overflowing.ToArray());
        Assert.HasCount(windows.Length, made, $"overflowing of {what}");
        for (var i = 0; i < windows.Length; i++)
        {
            Check(windows[i], made[i], $"window {i} of {what}");
            Check(windows[i], encoding.Overflowing[i], $"window {i} of {what}");
        }
    }

    /// <summary>Fails unless two encodings are the same in all lists.</summary>
    public static void CheckEqual(TokenEncoding expected, TokenEncoding encoding, string what)
    {
        Same(expected.Ids, encoding.Ids, "ids", what);
        Same(expected.Tokens, encoding.Tokens, "tokens", what);
        Same(expected.Offsets, encoding.Offsets, "offsets", what);
        Same(expected.Words, encoding.Words, "word_ids", what);
        Same(expected.TypeIds, encoding.TypeIds, "type_ids", what);
        Same(expected.IsSpecial, encoding.IsSpecial, "special_tokens_mask", what);
        Same(expected.AttentionMask, encoding.AttentionMask, "attention_mask", what);
        Same(expected.SequenceIds, encoding.SequenceIds, "sequence_ids", what);
    }

    private static int[] IntsOr(JsonElement expected, string name, int count, int usual) =>
        expected.TryGetProperty(name, out _) ? expected.Ints(name) : Enumerable.Repeat(usual, count).ToArray();

    private static void Same<T>(IEnumerable<T> expected, IEnumerable<T> got, string name, string what) =>
        Assert.AreSequenceEqual(expected.ToArray(), got.ToArray(), $"{name} of {what}");
}
