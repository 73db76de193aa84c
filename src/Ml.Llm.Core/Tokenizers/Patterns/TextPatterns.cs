namespace Ml.Llm.Tokenization;

/// <summary>Makes a matcher from the text of a pattern: a hand-written one for patterns known well and for mere runs, else the engine.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class TextPatterns
{
    /// <summary>The matcher of a pattern.</summary>
    /// <exception cref="PatternException">The pattern is wrong, uses something unknown or grows too large; it says where.</exception>
    public static ITextPattern Of(string pattern, PatternSyntax syntax = PatternSyntax.Oniguruma) => pattern switch
    {
        Gpt2Pattern.Text => Gpt2Pattern.Instance,
        Cl100kPattern.Text => new Cl100kPattern(mostNumbers: 3),
        Cl100kPattern.Qwen2Text => new Cl100kPattern(mostNumbers: 1),
        Cl100kPattern.TiktokenText when syntax == PatternSyntax.Rust => new Cl100kPattern(mostNumbers: 3, wholeAtEnd: true),
        O200kPattern.Text => O200kPattern.Instance,
        _ => RunPattern.Of(PatternParser.Parse(pattern, syntax)) ?? (ITextPattern)new CodePointRegex(pattern, syntax),
    };
}
