using Ml.Llm.Tokenization;

namespace Ml.Llm.Core.Tests.Patterns;

/// <summary>Long texts and hostile patterns: linear where failures can be remembered, else an error in bounded time.</summary>
[TestClass]
public sealed class PatternLimitTests
{
    private const int Long = 10_000_000;

    [TestMethod]
    [DataRow("(a+)+$")]
    [DataRow("(?:aa|a)*$")]
    [DataRow("(?:a+b?)+\\z")]
    [DataRow("(?:a*)*$")]
    [DataRow("(?:(?:a?|a*b?)+)*c")]
    [DataRow("a*a*a*a*a*c")]
    [DataRow("(?:.*?a)*?$")]
    [DataRow("\\s*(?:aa|a)+[\\r\\n]")]
    public void What_backtracks_exponentially_elsewhere_is_linear_here(string pattern)
    {
        var text = new string('a', 200_000) + "!";
        Assert.IsFalse(new CodePointRegex(pattern).Next(text, 0, out var start, out _) && start == 0);
    }

    [TestMethod]
    [DataRow("(?=(a+)+$)a")]
    [DataRow("(?>(?:aa|a)*$)")]
    [DataRow("(?<=a(?:aa|a)*c)b")]
    public void What_cannot_be_remembered_ends_at_its_limit(string pattern)
    {
        var text = new string('a', 2000) + "!b";
        var exception = Assert.ThrowsExactly<PatternLimitException>(() => PatternConstructTests.Matches(new CodePointRegex(pattern), text));
        Assert.AreEqual(pattern, exception.Pattern);
        Assert.IsGreaterThan(text.Length, exception.Limit);
    }

    [TestMethod]
    public void Searches_that_look_far_ahead_again_and_again_share_one_limit()
    {
        var text = new string('a', 100_000);
        Assert.ThrowsExactly<PatternLimitException>(() => PatternConstructTests.Matches(new CodePointRegex("a(?=.*b)|a"), text));
        // A pattern that has met its limit is as good as new for the next text.
        Assert.HasCount(3, PatternConstructTests.Matches(new CodePointRegex("a(?=.*b)|a"), "aaa"));
    }

    [TestMethod]
    [DataRow("\\p{L}+|\\s+(?!\\S)|\\s+", 'a', 1)]
    [DataRow("\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+", ' ', 1)]
    [DataRow("(?:a|b)+", 'b', 1)]
    [DataRow("\\p{N}{1,3}", '7', (Long + 2) / 3)]
    [DataRow("[^\\s]+?x|[^\\s]+", 'a', 1)]
    [DataRow(Cl100kPattern.Text, ' ', 1)]
    public void Ten_million_characters_in_one_word_are_linear(string pattern, char character, int expected)
    {
        var text = new string(character, Long);
        var engine = new CodePointRegex(pattern);
        var count = 0;
        for (var from = 0; engine.Next(text, from, out _, out var end); from = end) count++;
        Assert.AreEqual(expected, count);
    }

    [TestMethod]
    public void Matching_allocates_nothing()
    {
        var engine = new CodePointRegex("(?:\\p{L}|\\p{M})+(?=\\s|$)|(?>\\d+)|\\S");
        var text = string.Concat(Enumerable.Repeat("some words é 123 !? and more ", 200));
        Count();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Count();
        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Count()
        {
            for (var from = 0; engine.Next(text, from, out _, out var end); from = end)
            {
            }
        }
    }

    [TestMethod]
    public void Remembering_changes_no_result()
    {
        // The first choice fails after enough steps to begin remembering; what follows must still be found, leftmost and first.
        var text = string.Concat(Enumerable.Repeat(new string('a', 300) + "b ", 5)) + "aab aac";
        var expected = string.Concat(Enumerable.Repeat(new string('a', 300) + "b ", 5)) + "aab aac";
        Assert.AreSequenceEqual(new[] { expected }, PatternConstructTests.Matches(new CodePointRegex("(?:(?:a|aa)+b )+(?:a+b|a+c| )+"), text));
    }
}
