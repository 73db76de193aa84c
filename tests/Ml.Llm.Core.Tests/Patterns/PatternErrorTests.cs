using Ml.Llm.Tokenization;

namespace Ml.Llm.Core.Tests.Patterns;

[TestClass]
public sealed class PatternErrorTests
{
    [TestMethod]
    [DataRow("(a", 0, "does not end")]
    [DataRow("ab)", 2, "no ( for this )")]
    [DataRow("a(?:b", 1, "does not end")]
    [DataRow("(?", 0, "does not end")]
    [DataRow("(?z)", 0, "(?z")]
    [DataRow("(?(1)a|b)", 0, "not supported")]
    [DataRow("(?P<n>a)", 0, "not supported")]
    [DataRow("(?~ab)", 0, "not supported")]
    [DataRow("(*FAIL)", 0, "callouts")]
    [DataRow("a(?#b", 1, "comment")]
    [DataRow("(?<1>a)", 0, "name")]
    [DataRow("x*(*a", 2, "callouts")]
    [DataRow("*a", 0, "nothing to repeat")]
    [DataRow("a|{2}", 2, "nothing to repeat")]
    [DataRow("a^*", 2, "cannot be repeated")]
    [DataRow("(?=a)+", 5, "cannot be repeated")]
    [DataRow("(?:\\b)?", 6, "cannot be repeated")]
    [DataRow("(?:\\A|b){2}", 8, "cannot be repeated")]
    [DataRow("a*****", 5, "too many quantifiers")]
    [DataRow("a{100001}", 1, "too large")]
    [DataRow("[a", 0, "does not end")]
    [DataRow("x[]", 1, "empty")]
    [DataRow("[[a]", 0, "does not end")]
    [DataRow("[b-a]", 1, "empty")]
    [DataRow("[a-\\d]", 1, "end with a set")]
    [DataRow("[\\d-a]", 3, "begin with a set")]
    [DataRow("[[:alpha:]-z]", 10, "begin with a set")]
    [DataRow("[a-[b]]", 3, "end with a class")]
    [DataRow("[[:foo:]]", 1, "[:foo:]")]
    [DataRow("a\\", 1, "lone \\")]
    [DataRow("[\\", 1, "lone \\")]
    [DataRow("a\\1", 1, "back-references")]
    [DataRow("\\k<n>", 0, "\\k")]
    [DataRow("\\G", 0, "\\G")]
    [DataRow("\\K", 0, "\\K")]
    [DataRow("\\y", 0, "\\y")]
    [DataRow("\\p{foo}", 0, "\\p{foo}")]
    [DataRow("\\p{InHiragana}", 0, "InHiragana")]
    [DataRow("\\p{Han", 0, "\\p{Name}")]
    [DataRow("\\pL", 0, "\\p{Name}")]
    [DataRow("\\x", 0, "digits")]
    [DataRow("\\x{}", 0, "digits")]
    [DataRow("\\x{61", 0, "digits")]
    [DataRow("\\x{110000}", 0, "10FFFF")]
    [DataRow("\\xe9", 0, "UTF-8")]
    [DataRow("\\u12", 0, "digits")]
    [DataRow("(?<!(a))b", 4, "capturing")]
    [DataRow("(?<=a(?=b))b", 5, "look-ahead")]
    public void What_is_wrong_or_unknown_is_refused_with_its_position(string pattern, int position, string problem)
    {
        var exception = Assert.ThrowsExactly<PatternException>(() => TextPatterns.Of(pattern));
        Assert.AreEqual(position, exception.Position);
        Assert.AreEqual(pattern, exception.Pattern);
        Assert.Contains(problem, exception.Message);
    }

    [TestMethod]
    [DataRow("(?:", "a", ")")]
    [DataRow("(?=", "a", ")")]
    [DataRow("(?i)", "a", "")]
    [DataRow("[", "a", "]")]
    [DataRow("(?:", "a", ")*")]
    public void Deep_nesting_is_refused(string open, string inner, string close)
    {
        Assert.Contains("nest", Assert.ThrowsExactly<PatternException>(() => TextPatterns.Of(Nested(15_000))).Message);
        Assert.Contains("longer than", Assert.ThrowsExactly<PatternException>(() => TextPatterns.Of(Nested(100_000))).Message);

        string Nested(int depth) => string.Concat(Enumerable.Repeat(open, depth)) + inner + string.Concat(Enumerable.Repeat(close, depth));
    }

    [TestMethod]
    [DataRow("(?:ab){100000}")]
    [DataRow("(?:(?:ab|c){1000}){1000}")]
    [DataRow("(?:(?:(?:){100000}){100000}){100000}")]
    [DataRow("(?:(?:(?:(?:(?:a*)*)*){1000}){1000}){1000}")]
    public void A_pattern_that_grows_too_large_is_refused(string pattern) =>
        Assert.Contains("too large", Assert.ThrowsExactly<PatternException>(() => TextPatterns.Of(pattern)).Message);

    [TestMethod]
    public void A_long_pattern_without_depth_is_read()
    {
        var words = string.Join('|', Enumerable.Range(0, 2000).Select(i => $"w{i}x"));
        Assert.AreSequenceEqual(new[] { "w1999x", "w7x" }, PatternConstructTests.Matches(TextPatterns.Of(words), "w1999x w7x w2000x"));
    }
}
