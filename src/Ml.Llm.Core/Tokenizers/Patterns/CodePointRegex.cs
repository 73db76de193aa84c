namespace Ml.Llm.Tokenization;

/// <summary>A regular expression over code points, with Oniguruma's syntax and its leftmost-first choice of matches.</summary>
/// <remarks>
/// <para>
/// .NET's Regex works on UTF-16 units and lacks half of the syntax that tokenizer files use. This one backtracks like
/// Oniguruma, on a stack of its own. When a search takes long, it starts to remember from which instruction at which position
/// it failed: then each pair is tried once and the search is linear in the text, (a+)+$ too. Only the insides of look-around
/// and atomic groups (other than of one character class) cannot remember so, since not all that follows is tried from there.
/// </para>
/// <para>
/// For them, and for searches that look far ahead again and again, there is a limit: 512 steps for each unit of the text and
/// a million more, over all the searches that walk through it.
/// </para>
/// </remarks>
/// <threadsafety>Immutable; what matching needs belongs to the thread.</threadsafety>
internal sealed class CodePointRegex : ITextPattern
{
    private const long StepsPerUnit = 512;
    private const long StepsAnyway = 1_000_000;

    private readonly string _pattern;
    private readonly PatternProgram _program;

    /// <summary>Reads and compiles a pattern.</summary>
    /// <exception cref="PatternException">The pattern is wrong, uses something unknown or grows too large.</exception>
    public CodePointRegex(string pattern, PatternSyntax syntax = PatternSyntax.Oniguruma)
    {
        _pattern = pattern;
        _program = PatternCompiler.Compile(pattern, PatternParser.Parse(pattern, syntax));
    }

    public bool Next(ReadOnlySpan<char> text, int from, out int start, out int end)
    {
        var scratch = PatternScratch.Current;
        scratch.Begin(this, _program.OuterLoops.Length, text.Length, from);
        var run = new PatternRun(_program, text, scratch, StepsPerUnit * text.Length + StepsAnyway);
        try
        {
            var first = _program.First;
            for (start = from; start <= text.Length;)
            {
                if (first is not null)
                {
                    var length = 0;
                    while (start < text.Length && !first.Matches(text, start, out length)) start += length;
                    if (start == text.Length) break;
                }

                if (run.Match(start, out end)) return true;
                if (run.IsOverLimit) throw new PatternLimitException(_pattern, text.Length, StepsPerUnit * text.Length + StepsAnyway);
                if (start == text.Length) break;
                CodePoints.At(text, start, out var step);
                start += step;
            }
        }
        finally
        {
            run.End();
        }

        start = end = -1;
        return false;
    }
}
