using System.Text;
using System.Text.RegularExpressions;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Core.Tests.Patterns;

/// <summary>Random patterns of the syntax that .NET's Regex shares, on random ASCII texts.</summary>
[TestClass]
public sealed class RegexDifferenceTests
{
    private static readonly string[] s_atoms =
        ["a", "b", "c", "A", "1", " ", "ab", ".", "\\d", "\\w", "\\s", "\\D", "\\W", "\\S", "[ab]", "[^a]", "[a-c1]", "[^\\s\\d]", "\\n", "\\x61"];

    // No braces with ? or + behind: there the two differ, as they do in loops whose round may match nothing. And no atomic
    // groups: .NET gets those within look-ahead wrong at times.
    private static readonly string[] s_quantifiers = ["*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{2,}", "{0,2}"];

    [TestMethod]
    public void Matches_are_those_of_NETs_Regex_on_what_they_share()
    {
        var random = new Random(5);
        var matched = 0;
        for (var round = 0; round < 6_000; round++)
        {
            var pattern = Alternation(random, 3, out _);
            var text = string.Concat(Enumerable.Range(0, random.Next(14)).Select(_ => "aaabbcA1 \n"[random.Next(10)]));
            var expected = Regex.Matches(text, pattern, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(20))
                .Select(match => match.Value).ToList();
            Assert.AreSequenceEqual(expected, PatternConstructTests.Matches(new CodePointRegex(pattern), text), $"{pattern} on {text}");
            matched += expected.Count;
        }

        Assert.IsGreaterThan(5_000, matched, "The patterns should match something.");
    }

    private static string Alternation(Random random, int depth, out bool mayBeEmpty)
    {
        var pattern = new StringBuilder(Sequence(random, depth, out mayBeEmpty));
        while (random.Next(3) == 0)
        {
            pattern.Append('|').Append(Sequence(random, depth, out var other));
            mayBeEmpty |= other;
        }

        return pattern.ToString();
    }

    private static string Sequence(Random random, int depth, out bool mayBeEmpty)
    {
        var pattern = new StringBuilder();
        mayBeEmpty = true;
        for (var count = random.Next(1, 4); count > 0; count--)
        {
            pattern.Append(Term(random, depth, out var empty));
            mayBeEmpty &= empty;
        }

        return pattern.ToString();
    }

    private static string Term(Random random, int depth, out bool mayBeEmpty)
    {
        mayBeEmpty = true;
        switch (random.Next(12))
        {
            // No \B: .NET gives nothing back of \D+ before it, though there may be two letters side by side.
            case 0: return new[] { "\\b", "\\A", "\\z" }[random.Next(3)];
            case 1 when depth > 0: return $"{new[] { "(?=", "(?!" }[random.Next(2)]}{Alternation(random, depth - 1, out _)})";
            case 2: return $"{new[] { "(?<=", "(?<!" }[random.Next(2)]}{s_atoms[random.Next(s_atoms.Length)]})";
            default: return Repeated(random, depth, out mayBeEmpty);
        }
    }

    private static string Repeated(Random random, int depth, out bool mayBeEmpty)
    {
        mayBeEmpty = false;
        var body = depth > 0 && random.Next(3) == 0
            ? $"{new[] { "(", "(?:" }[random.Next(2)]}{Alternation(random, depth - 1, out mayBeEmpty)})"
            : $"(?:{s_atoms[random.Next(s_atoms.Length)]})";
        if (mayBeEmpty || random.Next(2) == 0) return body;
        var quantifier = s_quantifiers[random.Next(s_quantifiers.Length)];
        mayBeEmpty = quantifier[0] is '*' or '?' || quantifier.StartsWith("{0", StringComparison.Ordinal);
        return body + quantifier;
    }
}
