namespace Ml.Llm.Tokenization;

/// <summary>A pattern as tokenizer.json gives it: a text to be found as it is, or a regular expression.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class GivenPattern
{
    /// <summary>Makes a pattern.</summary>
    /// <param name="source">The text or expression.</param>
    /// <param name="isExpression">Which of the two it is.</param>
    /// <param name="syntax">Whose rules an expression is read by; tokenizer.json's are Oniguruma's.</param>
    /// <exception cref="PatternException">The expression is broken or asks for what is not known.</exception>
    public GivenPattern(string source, bool isExpression, PatternSyntax syntax = PatternSyntax.Oniguruma)
    {
        (Source, IsExpression) = (source, isExpression);
        Pattern = isExpression ? TextPatterns.Of(source, syntax) : new LiteralPattern(source);
    }

    /// <summary>The text or expression.</summary>
    public string Source { get; }

    /// <summary>Whether it is an expression.</summary>
    public bool IsExpression { get; }

    /// <summary>What finds it.</summary>
    public ITextPattern Pattern { get; }

    /// <summary>Writes it as the field <c>pattern</c>.</summary>
    public void WriteTo(JsonOutput output)
    {
        output.Name("pattern");
        output.BeginObject();
        output.Text(IsExpression ? "Regex" : "String", Source);
        output.EndObject();
    }
}

/// <summary>Finds a text as it is; an empty one is found everywhere.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class LiteralPattern(string literal) : ITextPattern
{
    public bool Next(ReadOnlySpan<char> text, int from, out int start, out int end)
    {
        var offset = literal.Length == 1 ? text[from..].IndexOf(literal[0]) : text[from..].IndexOf(literal, StringComparison.Ordinal);
        (start, end) = (from + offset, from + offset + literal.Length);
        return offset >= 0;
    }
}

/// <summary>
/// The matches of a pattern in a text, one after the other. An empty match right behind the match before is not one; the
/// search then goes on a character further.
/// </summary>
internal ref struct PatternMatches(ITextPattern pattern, ReadOnlySpan<char> text)
{
    private readonly ReadOnlySpan<char> _text = text;
    private int _from;
    private int _lastEnd = -1;

    /// <summary>Finds the next match.</summary>
    public bool Next(out int start, out int end)
    {
        while (_from <= _text.Length && pattern.Next(_text, _from, out start, out end))
        {
            if (end > start || end != _lastEnd)
            {
                (_from, _lastEnd) = (end, end);
                return true;
            }

            _from += _from < _text.Length && char.IsHighSurrogate(_text[_from]) ? 2 : 1;
        }

        (start, end) = (0, 0);
        return false;
    }
}
