using System.Globalization;
using System.Numerics;

namespace Ml.Llm.Tokenization.Jinja;

/// <summary>Parses expressions. Filters and tests bind tighter than operators, and operators as in Jinja, which is not always as in Python.</summary>
/// <threadsafety>Belongs to one thread.</threadsafety>
internal sealed class ExpressionParser(TokenStream stream, int maxIntegerBits)
{
    private static readonly Dictionary<string, Relation> s_relations = new()
    {
        ["=="] = Relation.Equal, ["!="] = Relation.NotEqual, ["<"] = Relation.Less, ["<="] = Relation.LessOrEqual, [">"] = Relation.Greater, [">="] = Relation.GreaterOrEqual,
    };

    private static readonly Dictionary<string, Operator> s_sums = new() { ["+"] = Operator.Add, ["-"] = Operator.Subtract };

    private static readonly Dictionary<string, Operator> s_products = new()
    {
        ["*"] = Operator.Multiply, ["/"] = Operator.Divide, ["//"] = Operator.FloorDivide, ["%"] = Operator.Modulo,
    };

    /// <summary>An expression, with a condition behind it where that is allowed.</summary>
    public Expression Parse(bool withCondition = true)
    {
        stream.Enter();
        var unknown = stream.UnknownCount;
        var value = Or();
        while (withCondition && stream.Current.Is("if"))
        {
            var at = stream.Take().At;
            var test = Or();
            var otherwise = stream.Skip("else") ? Parse() : null;
            value = new ConditionExpression(at, test, value, otherwise);
            stream.ForgiveUnknown(unknown);
        }

        stream.Leave();
        return value;
    }

    /// <summary>An expression, or several with commas between: a tuple.</summary>
    public Expression ParseTuple(bool withCondition = true, bool inParentheses = false, string? endName = null)
    {
        var at = stream.Current.At;
        var items = new List<Expression>();
        var isTuple = false;
        while (!EndsTuple(endName))
        {
            items.Add(Parse(withCondition));
            if (!stream.SkipOperator(",")) break;
            isTuple = true;
        }

        if (isTuple) return new SequenceExpression(at, [.. items], IsTuple: true);
        if (items.Count == 1) return items[0];
        return inParentheses ? new SequenceExpression(at, [], IsTuple: true) : throw stream.Problem($"Expected an expression, got '{stream.Current.Describe()}'");
    }

    /// <summary>Whether no further item of a tuple can begin here.</summary>
    public bool EndsTuple(string? endName) =>
        stream.Current.Kind is TokenKind.VariableEnd or TokenKind.BlockEnd || stream.Current.IsOperator(")") || (endName is not null && stream.Current.Is(endName));

    /// <summary>A name or literal, without what may follow it.</summary>
    public Expression Primary()
    {
        var token = stream.Current;
        switch (token.Kind)
        {
            case TokenKind.Name:
                stream.Take();
                return Named(token);
            case TokenKind.Text:
                var text = "";
                while (stream.Current.Kind == TokenKind.Text) text += stream.Take().Text;
                return new ConstantExpression(token.At, TextValue.Of(text));
            case TokenKind.Integer:
                stream.Take();
                return new ConstantExpression(token.At, new IntegerValue(Whole(token)));
            case TokenKind.Float:
                stream.Take();
                return new ConstantExpression(token.At, new FloatValue(double.Parse(token.Text, NumberStyles.Float, CultureInfo.InvariantCulture)));
        }

        if (stream.SkipOperator("("))
        {
            var inner = ParseTuple(inParentheses: true);
            stream.ExpectOperator(")");
            return inner;
        }

        if (token.IsOperator("[")) return List();
        if (token.IsOperator("{")) return Mapping();
        throw stream.Problem($"unexpected '{token.Describe()}'");
    }

    /// <summary>Filters in a row on an input; without one, the first is named at once.</summary>
    public FilterExpression? Filters(Expression? input, bool isNamedAtOnce = false)
    {
        var filter = input as FilterExpression;
        while (isNamedAtOnce || stream.Current.IsOperator("|"))
        {
            if (!isNamedAtOnce) stream.Take();
            var at = stream.Current.At;
            var name = DottedName();
            if (FilterTable.Find(name) is null) stream.AddUnknown(at, FilterTable.Unknown(name));
            var arguments = stream.Current.IsOperator("(") ? Arguments() : ArgumentList.None;
            filter = new FilterExpression(at, isNamedAtOnce ? input : filter ?? input, name, arguments);
            isNamedAtOnce = false;
        }

        return filter;
    }

    private Expression Or()
    {
        var left = And();
        while (stream.Current.Is("or")) left = new LogicExpression(stream.Take().At, IsAnd: false, left, And());
        return left;
    }

    private Expression And()
    {
        var left = Not();
        while (stream.Current.Is("and")) left = new LogicExpression(stream.Take().At, IsAnd: true, left, Not());
        return left;
    }

    private Expression Not()
    {
        if (!stream.Current.Is("not")) return Comparisons();
        stream.Enter();
        var negated = new NotExpression(stream.Take().At, Not());
        stream.Leave();
        return negated;
    }

    private Expression Comparisons()
    {
        var at = stream.Current.At;
        var first = Sum();
        var rest = new List<(Relation, Expression)>();
        while (NextRelation() is { } relation) rest.Add((relation, Sum()));
        return rest.Count == 0 ? first : new ComparisonExpression(at, first, rest);
    }

    private Relation? NextRelation()
    {
        var token = stream.Current;
        if (token.Kind == TokenKind.Operator && s_relations.TryGetValue(token.Text, out var relation))
        {
            stream.Take();
            return relation;
        }

        if (stream.Skip("in")) return Relation.In;
        if (!token.Is("not") || !stream.Following.Is("in")) return null;
        stream.Take();
        stream.Take();
        return Relation.NotIn;
    }

    private Expression Sum() => LeftToRight(s_sums, Concatenation);

    private Expression Concatenation()
    {
        var at = stream.Current.At;
        var first = LeftToRight(s_products, Power);
        if (!stream.Current.IsOperator("~")) return first;
        var items = new List<Expression> { first };
        while (stream.SkipOperator("~")) items.Add(LeftToRight(s_products, Power));
        return new ConcatenationExpression(at, [.. items]);
    }

    private Expression LeftToRight(Dictionary<string, Operator> operators, Func<Expression> operand)
    {
        var left = operand();
        while (stream.Current.Kind == TokenKind.Operator && operators.TryGetValue(stream.Current.Text, out var sign))
            left = new ArithmeticExpression(stream.Take().At, sign, left, operand());
        return left;
    }

    private Expression Power()
    {
        var left = Unary();
        while (stream.Current.IsOperator("**")) left = new ArithmeticExpression(stream.Take().At, Operator.Power, left, Unary());
        return left;
    }

    private Expression Unary(bool withFilters = true)
    {
        Expression value;
        if (stream.Current.IsOperator("-") || stream.Current.IsOperator("+"))
        {
            stream.Enter();
            var sign = stream.Take();
            value = new SignExpression(sign.At, sign.Text == "-", Unary(withFilters: false));
            stream.Leave();
        }
        else
        {
            value = Primary();
        }

        value = Postfix(value);
        return withFilters ? FiltersAndTests(value) : value;
    }

    private Expression Named(TemplateToken token)
    {
        switch (token.Text)
        {
            case "true" or "True": return new ConstantExpression(token.At, BooleanValue.True);
            case "false" or "False": return new ConstantExpression(token.At, BooleanValue.False);
            case "none" or "None": return new ConstantExpression(token.At, NoneValue.Instance);
            case "caller" or "varargs" or "kwargs":
                foreach (var names in stream.MacroNames) names.Add(token.Text);
                break;
        }

        return new NameExpression(token.At, token.Text);
    }

    private BigInteger Whole(TemplateToken token)
    {
        var digits = token.Text;
        if (digits.Length > maxIntegerBits) throw new TemplateSyntaxException(token.At, $"a whole number has more than {maxIntegerBits} bits (MaxIntegerBits)", ChatTemplateErrorKind.Limit);
        if (digits.Length < 3 || char.IsAsciiDigit(digits[1])) return BigInteger.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
        var radix = char.ToLowerInvariant(digits[1]) switch { 'x' => 16, 'o' => 8, _ => 2 };
        return digits.AsSpan(2).ToArray().Aggregate(BigInteger.Zero, (whole, digit) => (whole * radix) + Convert.ToInt32(digit.ToString(), 16));
    }

    private SequenceExpression List()
    {
        var at = stream.Take().At;
        var items = new List<Expression>();
        while (!stream.Current.IsOperator("]"))
        {
            if (items.Count > 0) stream.ExpectOperator(",");
            if (stream.Current.IsOperator("]")) break;
            items.Add(Parse());
        }

        stream.ExpectOperator("]");
        return new SequenceExpression(at, [.. items], IsTuple: false);
    }

    private MappingExpression Mapping()
    {
        var at = stream.Take().At;
        var pairs = new List<(Expression, Expression)>();
        while (!stream.Current.IsOperator("}"))
        {
            if (pairs.Count > 0) stream.ExpectOperator(",");
            if (stream.Current.IsOperator("}")) break;
            var key = Parse();
            stream.ExpectOperator(":");
            pairs.Add((key, Parse()));
        }

        stream.ExpectOperator("}");
        return new MappingExpression(at, pairs);
    }

    private Expression Postfix(Expression value)
    {
        while (true)
        {
            if (stream.Current.IsOperator(".")) value = Attribute(value);
            else if (stream.Current.IsOperator("[")) value = Subscript(value);
            else if (stream.Current.IsOperator("(")) value = new CallExpression(stream.Current.At, value, Arguments());
            else return value;
        }
    }

    private Expression FiltersAndTests(Expression value)
    {
        while (true)
        {
            if (stream.Current.IsOperator("|")) value = Filters(value)!;
            else if (stream.Current.Is("is")) value = Test(value);
            else if (stream.Current.IsOperator("(")) value = new CallExpression(stream.Current.At, value, Arguments());
            else return value;
        }
    }

    private Expression Attribute(Expression owner)
    {
        var at = stream.Take().At;
        var name = stream.Current;
        if (name.Kind is not (TokenKind.Name or TokenKind.Integer)) throw stream.Problem("expected name or number");
        stream.Take();
        return name.Kind == TokenKind.Name
            ? new AttributeExpression(at, owner, name.Text)
            : new ItemExpression(at, owner, new ConstantExpression(name.At, new IntegerValue(Whole(name))));
    }

    private ItemExpression Subscript(Expression owner)
    {
        var at = stream.Take().At;
        var items = new List<Expression>();
        while (!stream.Current.IsOperator("]"))
        {
            if (items.Count > 0) stream.ExpectOperator(",");
            items.Add(Subscribed());
        }

        stream.ExpectOperator("]");
        return new ItemExpression(at, owner, items.Count == 1 ? items[0] : new SequenceExpression(at, [.. items], IsTuple: true));
    }

    private Expression Subscribed()
    {
        var at = stream.Current.At;
        var start = stream.Current.IsOperator(":") ? null : Parse();
        if (!stream.SkipOperator(":")) return start!;
        var stop = SlicePart();
        var step = stream.SkipOperator(":") ? SlicePart() : null;
        return new SliceExpression(at, start, stop, step);
    }

    private Expression? SlicePart() =>
        stream.Current.IsOperator(":") || stream.Current.IsOperator("]") || stream.Current.IsOperator(",") ? null : Parse();

    private Expression Test(Expression input)
    {
        stream.Take();
        var isNegated = stream.Skip("not");
        var at = stream.Current.At;
        var name = DottedName();
        if (TestTable.Find(name) is null) stream.AddUnknown(at, TestTable.Unknown(name));
        var arguments = ArgumentList.None;
        var next = stream.Current;
        if (next.IsOperator("("))
        {
            arguments = Arguments();
        }
        else if (next.Kind is TokenKind.Text or TokenKind.Integer or TokenKind.Float || next.IsOperator("[") || next.IsOperator("{")
            || (next.Kind == TokenKind.Name && next.Text is not ("else" or "or" or "and")))
        {
            if (next.Is("is")) throw stream.Problem("You cannot chain multiple tests with is");
            arguments = new ArgumentList([Postfix(Primary())], [], null, null);
        }

        Expression test = new TestExpression(at, input, name, arguments);
        return isNegated ? new NotExpression(at, test) : test;
    }

    private string DottedName()
    {
        var name = stream.Name();
        while (stream.SkipOperator(".")) name += "." + stream.Name();
        return name;
    }

    private ArgumentList Arguments()
    {
        var at = stream.Current.At;
        stream.ExpectOperator("(");
        var positional = new List<Expression>();
        var named = new List<(string, Expression)>();
        Expression? morePositional = null, moreNamed = null;
        while (!stream.Current.IsOperator(")"))
        {
            if (positional.Count + named.Count > 0 || morePositional is not null || moreNamed is not null)
            {
                stream.ExpectOperator(",");
                if (stream.Current.IsOperator(")")) break;
            }

            if (moreNamed is not null) throw Misplaced();
            if (stream.SkipOperator("**"))
            {
                moreNamed = Parse();
            }
            else if (stream.SkipOperator("*"))
            {
                if (morePositional is not null) throw Misplaced();
                morePositional = Parse();
            }
            else if (stream.Current.Kind == TokenKind.Name && stream.Following.IsOperator("="))
            {
                var name = stream.Take().Text;
                stream.Take();
                named.Add((name, Parse()));
            }
            else
            {
                if (morePositional is not null || named.Count > 0) throw Misplaced();
                positional.Add(Parse());
            }
        }

        stream.ExpectOperator(")");
        return new ArgumentList([.. positional], named, morePositional, moreNamed);

        TemplateSyntaxException Misplaced() => new(at, "invalid syntax for function call expression");
    }
}
