namespace Ml.Llm.Tokenization.Jinja;

/// <summary>Parses a template into statements.</summary>
/// <threadsafety>Belongs to one thread.</threadsafety>
internal sealed class TemplateParser
{
    private static readonly string[] s_reserved = ["true", "false", "none", "True", "False", "None"];

    private readonly TokenStream _stream;
    private readonly ExpressionParser _expressions;
    private readonly List<string> _openTags = [];
    private int _loops;
    private bool _marksGeneration;

    private TemplateParser(string source, ChatTemplateLimits limits)
    {
        _stream = new TokenStream(TemplateLexer.Tokenize(source), limits.MaxTemplateNesting);
        _expressions = new ExpressionParser(_stream, limits.MaxIntegerBits);
    }

    /// <summary>The statements of a template, and whether it marks what the assistant wrote.</summary>
    /// <exception cref="TemplateSyntaxException">The template is not well-formed, or uses what is not known here.</exception>
    public static (Statement[] Body, bool MarksGeneration) Parse(string source, ChatTemplateLimits limits)
    {
        var parser = new TemplateParser(source, limits);
        var body = parser.Statements();
        parser._stream.RefuseUnknown(0);
        return (body, parser._marksGeneration);
    }

    /// <summary>Statements up to one of some tags, which is not taken; without such, to the end.</summary>
    private Statement[] Statements(params ReadOnlySpan<string> ends)
    {
        _stream.Enter();
        var body = new List<Statement>();
        while (_stream.Current.Kind != TokenKind.End)
        {
            var token = _stream.Take();
            if (token.Kind == TokenKind.Data)
            {
                body.Add(new DataStatement(token.At, TextValue.Of(token.Text)));
            }
            else if (token.Kind == TokenKind.VariableBegin)
            {
                body.Add(new PrintStatement(token.At, _expressions.ParseTuple()));
                _stream.Expect(TokenKind.VariableEnd, "end of print statement");
            }
            else
            {
                if (_stream.Current.Kind == TokenKind.Name && ends.Contains(_stream.Current.Text))
                {
                    _stream.Leave();
                    return [.. body];
                }

                body.AddRange(Tag());
                _stream.Expect(TokenKind.BlockEnd, "end of statement block");
            }
        }

        if (ends.Length > 0)
            throw _stream.Problem($"Unexpected end of template. It was looking for the tag {string.Join(" or ", ends.ToArray())}. The innermost block that needs to be closed is '{_openTags[^1]}'.");
        _stream.Leave();
        return [.. body];
    }

    /// <summary>The statements of a block up to its end tag, which is taken.</summary>
    private Statement[] Block(string end)
    {
        _stream.Expect(TokenKind.BlockEnd, "end of statement block");
        var body = Statements(end);
        _stream.Take();
        return body;
    }

    private IEnumerable<Statement> Tag()
    {
        var tag = _stream.Current;
        if (tag.Kind != TokenKind.Name) throw _stream.Problem("tag name expected");
        _stream.Take();
        _openTags.Add(tag.Text);
        IEnumerable<Statement> statements = tag.Text switch
        {
            "for" => [For(tag.At)],
            "if" => [If(tag.At)],
            "set" => [Set(tag.At)],
            "with" => [With(tag.At)],
            "macro" => [new MacroStatement(tag.At, Macro(NewName(), "endmacro"))],
            "call" => [Call(tag.At)],
            "filter" => [FilterBlock(tag.At)],
            "generation" => [Generation(tag.At)],
            "print" => Print(),
            "break" or "continue" => [Jump(tag)],
            "include" or "extends" or "import" or "from" => [Loader(tag)],
            "block" or "autoescape" => throw new TemplateSyntaxException(tag.At, $"the tag '{tag.Text}' is not known here"),
            _ => throw new TemplateSyntaxException(tag.At, UnknownTag(tag.Text)),
        };
        _openTags.RemoveAt(_openTags.Count - 1);
        return statements;
    }

    private string UnknownTag(string name) => _openTags.Count < 2
        ? $"Encountered unknown tag '{name}'."
        : $"Encountered unknown tag '{name}'. The innermost block that needs to be closed is '{_openTags[^2]}'.";

    private ForStatement For(Position at)
    {
        var target = TargetOf(endName: "in");
        _stream.ExpectName("in");
        var items = _expressions.ParseTuple(withCondition: false, endName: "recursive");
        var unknown = _stream.UnknownCount;
        var filter = _stream.Skip("if") ? _expressions.Parse() : null;
        var isRecursive = _stream.Skip("recursive");
        _stream.Expect(TokenKind.BlockEnd, "end of statement block");
        _loops++;
        var body = Statements("endfor", "else");
        _loops--;
        var otherwise = _stream.Take().Text == "else" ? Block("endfor") : [];
        _stream.RefuseUnknown(unknown);
        return new ForStatement(at, target, items, filter, isRecursive, body, otherwise);
    }

    private IfStatement If(Position at)
    {
        var unknown = _stream.UnknownCount;
        var branches = new List<(Expression, Statement[])>();
        Statement[] otherwise = [];
        do
        {
            var test = _expressions.ParseTuple(withCondition: false);
            _stream.Expect(TokenKind.BlockEnd, "end of statement block");
            branches.Add((test, Statements("elif", "else", "endif")));
        }
        while (_stream.Skip("elif"));

        if (_stream.Take().Text == "else") otherwise = Block("endif");
        _stream.ForgiveUnknown(unknown);
        return new IfStatement(at, branches, otherwise);
    }

    private Statement Set(Position at)
    {
        var target = TargetOf(withNamespace: true);
        if (_stream.SkipOperator("=")) return new SetStatement(at, target, _expressions.ParseTuple());
        var filter = _expressions.Filters(null);
        return new SetBlockStatement(at, target, filter, Inner(() => Block("endset")));
    }

    private WithStatement With(Position at)
    {
        var names = new List<(Target, Expression)>();
        while (_stream.Current.Kind != TokenKind.BlockEnd)
        {
            if (names.Count > 0) _stream.ExpectOperator(",");
            var target = TargetOf();
            _stream.ExpectOperator("=");
            names.Add((target, _expressions.Parse()));
        }

        return new WithStatement(at, names, Inner(() => Block("endwith")));
    }

    private CallStatement Call(Position at)
    {
        var (parameters, defaults) = _stream.Current.IsOperator("(") ? Signature() : ([], []);
        var callee = _expressions.Parse();
        if (callee is not CallExpression call) throw new TemplateSyntaxException(callee.At, "expected call");
        return new CallStatement(at, call, MacroBody("caller", parameters, defaults, "endcall"));
    }

    private FilterStatement FilterBlock(Position at)
    {
        var filter = _expressions.Filters(null, isNamedAtOnce: true)!;
        return new FilterStatement(at, filter, Inner(() => Block("endfilter")));
    }

    private GenerationStatement Generation(Position at)
    {
        _marksGeneration = true;
        return new GenerationStatement(at, Inner(() => Block("endgeneration")));
    }

    private List<Statement> Print()
    {
        var values = new List<Statement>();
        while (_stream.Current.Kind != TokenKind.BlockEnd)
        {
            if (values.Count > 0) _stream.ExpectOperator(",");
            values.Add(new PrintStatement(_stream.Current.At, _expressions.Parse()));
        }

        return values;
    }

    private JumpStatement Jump(TemplateToken tag) => _loops > 0
        ? new JumpStatement(tag.At, tag.Text == "break")
        : throw new TemplateSyntaxException(tag.At, $"the tag '{tag.Text}' stands outside of loops");

    /// <summary>Tags that load another template: well-formed ones fail where they are reached, as there is nothing to load from.</summary>
    private LoaderStatement Loader(TemplateToken tag)
    {
        _expressions.Parse();
        if (tag.Text == "include" && _stream.Skip("ignore")) _stream.ExpectName("missing");
        if (tag.Text == "import")
        {
            _stream.ExpectName("as");
            _stream.Name();
        }

        if (tag.Text == "from")
        {
            _stream.ExpectName("import");
            do
            {
                _stream.Name();
                if (_stream.Skip("as")) _stream.Name();
            }
            while (_stream.SkipOperator(","));
        }

        if (tag.Text != "extends" && (_stream.Skip("with") || _stream.Skip("without"))) _stream.ExpectName("context");
        return new LoaderStatement(tag.At);
    }

    private MacroDefinition Macro(string name, string end)
    {
        var (parameters, defaults) = Signature();
        return MacroBody(name, parameters, defaults, end);
    }

    private MacroDefinition MacroBody(string name, IReadOnlyList<string> parameters, IReadOnlyList<Expression> defaults, string end)
    {
        var names = new HashSet<string>();
        _stream.MacroNames.Push(names);
        // A jump cannot leave the macro for a loop around it.
        var loops = _loops;
        _loops = 0;
        var body = Inner(() => Block(end));
        _loops = loops;
        _stream.MacroNames.Pop();
        names.ExceptWith(parameters);
        return new MacroDefinition(name, parameters, defaults, body, names.Contains("caller"), names.Contains("kwargs"), names.Contains("varargs"));
    }

    private (IReadOnlyList<string> Parameters, IReadOnlyList<Expression> Defaults) Signature()
    {
        var parameters = new List<string>();
        var defaults = new List<Expression>();
        _stream.ExpectOperator("(");
        while (!_stream.Current.IsOperator(")"))
        {
            if (parameters.Count > 0) _stream.ExpectOperator(",");
            var at = _stream.Current.At;
            var name = NewName();
            if (parameters.Contains(name)) throw new TemplateSyntaxException(at, $"the parameter '{name}' is there twice");
            parameters.Add(name);
            if (_stream.SkipOperator("=")) defaults.Add(_expressions.Parse());
            else if (defaults.Count > 0) throw _stream.Problem("non-default argument follows default argument");
        }

        _stream.ExpectOperator(")");
        return (parameters, defaults);
    }

    /// <summary>A block with a scope of its own, where an unknown filter is an error even inside a branch.</summary>
    private Statement[] Inner(Func<Statement[]> block)
    {
        var unknown = _stream.UnknownCount;
        var body = block();
        _stream.RefuseUnknown(unknown);
        return body;
    }

    private string NewName()
    {
        var token = _stream.Expect(TokenKind.Name, "a name");
        return s_reserved.Contains(token.Text) ? throw new TemplateSyntaxException(token.At, $"can't assign to '{token.Text}'") : token.Text;
    }

    private Target TargetOf(bool withNamespace = false, string? endName = null)
    {
        var at = _stream.Current.At;
        var items = new List<Target>();
        var isTuple = false;
        while (!_expressions.EndsTuple(endName))
        {
            items.Add(TargetItem(withNamespace));
            if (!_stream.SkipOperator(",")) break;
            isTuple = true;
        }

        if (items.Count == 0) throw _stream.Problem($"Expected an expression, got '{_stream.Current.Describe()}'");
        return isTuple ? new TupleTarget(at, [.. items]) : items[0];
    }

    private Target TargetItem(bool withNamespace)
    {
        var token = _stream.Current;
        if (_stream.SkipOperator("("))
        {
            _stream.Enter();
            var inner = TargetOf(withNamespace);
            _stream.ExpectOperator(")");
            _stream.Leave();
            return inner;
        }

        if (token.Kind != TokenKind.Name)
        {
            _expressions.Primary();
            throw new TemplateSyntaxException(token.At, $"can't assign to '{token.Describe()}'");
        }

        var name = NewName();
        if (!withNamespace || !_stream.SkipOperator(".")) return new NameTarget(token.At, name);
        return new NamespaceTarget(token.At, name, _stream.Name());
    }
}
