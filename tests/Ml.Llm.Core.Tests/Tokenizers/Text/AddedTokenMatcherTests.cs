using FsCheck;
using FsCheck.Fluent;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Core.Tests.Tokenizers;

/// <summary>Finding added tokens: against a slow twin, and in time.</summary>
[TestClass]
public sealed class AddedTokenMatcherTests
{
    private static readonly string[] s_contents = ["a", "ab", "aba", "bab", "b ", "caba", "aaab", " c"];

    [TestMethod]
    public void The_leftmost_longest_tokens_are_found()
    {
        var matcher = Of(s_contents);
        var texts = Gen.Elements("a", "b", "c", " ").ListOf().Select(static parts => string.Concat(parts)).ToArbitrary();
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000).WithEndSize(30), Prop.ForAll(texts, text => Split(matcher, text).SequenceEqual(Slowly(text))));
    }

    [TestMethod, Timeout(30_000, CooperativeCancellation = true)]
    public void A_long_text_that_nearly_matches_everywhere_takes_linear_time()
    {
        var nearly = new string('a', 2_000) + "b";
        var segments = Split(Of(["a", nearly]), new string('a', 2_000_000));
        Assert.HasCount(2_000_000, segments);
    }

    [TestMethod]
    public void Flags_decide_what_a_token_takes()
    {
        AddedToken[] tokens =
        [
            new(0, "<m>", StripsLeft: true, StripsRight: true), new(1, "word", SingleWord: true), new(2, "<s>", Special: false),
        ];
        var matcher = new AddedTokenMatcher(tokens.Select(static token => (token, token.Content)));
        Assert.AreSequenceEqual(new TextSegment[] { new(0, 1, -1), new(1, 8, 0), new(8, 9, -1) }, Split(matcher, "x  <m>  y"));
        Assert.AreSequenceEqual(new TextSegment[] { new(0, 4, 1), new(4, 10, -1) }, Split(matcher, "word words"));
        Assert.AreSequenceEqual(new TextSegment[] { new(0, 3, -1), new(3, 6, 2) }, Split(matcher, "<m><s>", parseSpecialTokens: false));
    }

    private static AddedTokenMatcher Of(IEnumerable<string> contents) =>
        new(contents.Select(static (content, id) => (new AddedToken(id, content), content)));

    private static List<TextSegment> Split(AddedTokenMatcher matcher, string text, bool parseSpecialTokens = true)
    {
        var segments = new List<TextSegment>();
        matcher.Split(text, parseSpecialTokens, [], segments);
        return segments;
    }

    private static List<TextSegment> Slowly(string text)
    {
        var segments = new List<TextSegment>();
        var taken = 0;
        for (var at = 0; at < text.Length;)
        {
            var best = s_contents.Where(content => text.AsSpan(at).StartsWith(content, StringComparison.Ordinal)).MaxBy(static content => content.Length);
            if (best is null)
            {
                at++;
                continue;
            }

            if (taken < at) segments.Add(new TextSegment(taken, at, -1));
            segments.Add(new TextSegment(at, at + best.Length, Array.IndexOf(s_contents, best)));
            at = taken = at + best.Length;
        }

        if (taken < text.Length) segments.Add(new TextSegment(taken, text.Length, -1));
        return segments;
    }
}
