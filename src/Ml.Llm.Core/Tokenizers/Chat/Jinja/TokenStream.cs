using System.Runtime.CompilerServices;

namespace Ml.Llm.Tokenization.Jinja;

/// <summary>The tokens of a template, and what the parsers of statements and expressions share: the place, nesting, and names in use.</summary>
/// <threadsafety>Belongs to one thread.</threadsafety>
internal sealed class TokenStream(IReadOnlyList<TemplateToken> tokens, int maxNesting)
{
    private readonly List<(Position At, string Message)> _unknown = [];
    private int _next;
    private int _nesting;

    public TemplateToken Current => tokens[_next];

    public TemplateToken Following => tokens[Math.Min(_next + 1, tokens.Count - 1)];

    /// <summary>The special names that bodies of macros have spoken of, for each macro that is open.</summary>
    public Stack<HashSet<string>> MacroNames { get; } = new();

    public TemplateToken Take()
    {
        var token = Current;
        if (_next < tokens.Count - 1) _next++;
        return token;
    }

    public bool Skip(string name)
    {
        if (!Current.Is(name)) return false;
        Take();
        return true;
    }

    public bool SkipOperator(string sign)
    {
        if (!Current.IsOperator(sign)) return false;
        Take();
        return true;
    }

    public TemplateToken Expect(TokenKind kind, string what) => Current.Kind == kind ? Take() : throw Expected(what);

    public void ExpectOperator(string sign)
    {
        if (!SkipOperator(sign)) throw Expected(sign);
    }

    public void ExpectName(string name)
    {
        if (!Skip(name)) throw Expected(name);
    }

    public string Name() => Expect(TokenKind.Name, "a name").Text;

    public TemplateSyntaxException Expected(string what) => Problem(Current.Kind == TokenKind.End
        ? $"unexpected end of template, expected {what}"
        : $"expected {what}, got '{Current.Describe()}'");

    public TemplateSyntaxException Problem(string message) => new(Current.At, message);

    /// <summary>Goes a level deeper; recursion of the parsers is bounded by this alone.</summary>
    public void Enter()
    {
        if (++_nesting > maxNesting || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw new TemplateSyntaxException(Current.At, $"the template nests deeper than {maxNesting} levels (MaxTemplateNesting)", ChatTemplateErrorKind.Limit);
    }

    public void Leave() => _nesting--;

    /// <summary>How many unknown filters and tests are open.</summary>
    public int UnknownCount => _unknown.Count;

    /// <summary>
    /// Notes a filter or test that is not known: an error before rendering, but in a branch that may not be taken
    /// (where it is one when it is reached).
    /// </summary>
    public void AddUnknown(Position at, string message) => _unknown.Add((at, message));

    /// <summary>Forgives the unknown ones noted since a count.</summary>
    public void ForgiveUnknown(int since) => _unknown.RemoveRange(since, _unknown.Count - since);

    /// <summary>Refuses the unknown ones noted since a count.</summary>
    public void RefuseUnknown(int since)
    {
        if (_unknown.Count > since) throw new TemplateSyntaxException(_unknown[since].At, _unknown[since].Message);
    }
}
