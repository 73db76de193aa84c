namespace Ml.Llm.Tokenization.Jinja;

internal sealed partial class Renderer
{
    /// <summary>What Python's bool says of a value.</summary>
    public static bool Truth(Value value) => value switch
    {
        BooleanValue truth => truth.IsTrue,
        NoneValue or UndefinedValue => false,
        IntegerValue integer => !integer.Number.IsZero,
        FloatValue number => number.Number != 0,
        TextValue text => text.Text.Length > 0,
        SequenceValue sequence => sequence.Items.Length > 0,
        MappingValue mapping => mapping.Pairs.Count > 0,
        RangeValue range => range.Count > 0,
        BytesValue bytes => bytes.Bytes.Length > 0,
        _ => true,
    };

    /// <summary>A list.</summary>
    public ListValue List(IEnumerable<Value> items) => new([.. items], budget);

    /// <summary>A tuple.</summary>
    public TupleValue Tuple(params Value[] items) => new(items, budget);

    private Value Evaluate(Expression expression)
    {
        budget.Step();
        if (expression is ConstantExpression constant) return constant.Value;
        Enter();
        At = expression.At;
        var value = expression switch
        {
            NameExpression name => _scope.Find(name.Name) ?? UndefinedValue.Name(name.Name),
            AttributeExpression attribute => Attribute(attribute),
            ItemExpression item => Item(item),
            CallExpression call => Call(call, caller: null),
            FilterExpression filter => Filter(filter, Evaluate(filter.Input!)),
            TestExpression test => BooleanValue.Of(Test(test)),
            ComparisonExpression comparison => Compare(comparison),
            LogicExpression logic => Decide(logic),
            NotExpression negation => BooleanValue.Of(!Truth(Evaluate(negation.Operand))),
            ConcatenationExpression concatenation => Concatenate(concatenation),
            ArithmeticExpression arithmetic => Compute(arithmetic),
            SignExpression sign => Signed(sign),
            ConditionExpression condition => Choose(condition),
            SequenceExpression { IsTuple: true } tuple => new TupleValue(EvaluateAll(tuple.Items), budget),
            SequenceExpression list => new ListValue(EvaluateAll(list.Items), budget),
            MappingExpression mapping => new MappingValue(mapping.Pairs.Select(pair => KeyValuePair.Create(Evaluate(pair.Key), Evaluate(pair.Value))), budget),
            SliceExpression slice => new SliceValue(EvaluateOrNone(slice.Start), EvaluateOrNone(slice.Stop), EvaluateOrNone(slice.Step)),
            _ => throw new InvalidOperationException(expression.GetType().Name),
        };
        Leave();
        return value;
    }

    private Value EvaluateOrNone(Expression? expression) => expression is null ? NoneValue.Instance : Evaluate(expression);

    private Value[] EvaluateAll(Expression[] expressions)
    {
        var values = new Value[expressions.Length];
        for (var i = 0; i < values.Length; i++) values[i] = Evaluate(expressions[i]);
        return values;
    }

    private Value Attribute(AttributeExpression attribute)
    {
        var owner = Evaluate(attribute.Owner);
        At = attribute.At;
        return Members.Attribute(this, owner, attribute.Name);
    }

    private Value Item(ItemExpression item)
    {
        var owner = Evaluate(item.Owner);
        var index = Evaluate(item.Index);
        At = item.At;
        return Members.Item(this, owner, index);
    }

    private Value Filter(FilterExpression filter, Value input)
    {
        var arguments = Evaluate(filter.Arguments);
        At = filter.At;
        var apply = FilterTable.Find(filter.Name) ?? throw Fault.Runtime(FilterTable.Unknown(filter.Name));
        return apply(this, input, arguments);
    }

    /// <summary>The text of a block through its filters, the first of which has no input of its own.</summary>
    private Value FilterBlock(FilterExpression filter, Value text) =>
        Filter(filter, filter.Input is FilterExpression inner ? FilterBlock(inner, text) : text);

    private bool Test(TestExpression test)
    {
        var input = Evaluate(test.Input);
        var arguments = Evaluate(test.Arguments);
        At = test.At;
        var holds = TestTable.Find(test.Name) ?? throw Fault.Runtime(TestTable.Unknown(test.Name));
        return holds(this, input, arguments);
    }

    private BooleanValue Compare(ComparisonExpression comparison)
    {
        var left = Evaluate(comparison.First);
        foreach (var (relation, operand) in comparison.Rest)
        {
            var right = Evaluate(operand);
            At = comparison.At;
            if (!Holds(relation, left, right)) return BooleanValue.False;
            left = right;
        }

        return BooleanValue.True;
    }

    /// <summary>Whether a relation holds.</summary>
    public bool Holds(Relation relation, Value left, Value right)
    {
        budget.Step(Math.Min(left.Extent.Weight, right.Extent.Weight));
        return relation switch
        {
            Relation.Equal => Comparison.AreEqual(left, right),
            Relation.NotEqual => !Comparison.AreEqual(left, right),
            Relation.Less => Comparison.IsLess(left, right),
            Relation.LessOrEqual => IsOrdered(left, right, "<=") && (Comparison.IsLess(left, right, "<=") || Comparison.AreEqual(left, right)),
            Relation.Greater => Comparison.IsLess(right, left, ">"),
            Relation.GreaterOrEqual => IsOrdered(right, left, ">=") && (Comparison.IsLess(right, left, ">=") || Comparison.AreEqual(left, right)),
            Relation.In => Sequences.Contains(this, right, left),
            _ => !Sequences.Contains(this, right, left),
        };
    }

    /// <summary>Numbers that are none have no order; the other values complain themselves.</summary>
    private static bool IsOrdered(Value left, Value right, string sign) => left is not FloatValue { Number: double.NaN } || !Comparison.IsLess(left, right, sign);

    private Value Decide(LogicExpression logic)
    {
        var left = Evaluate(logic.Left);
        return Truth(left) == logic.IsAnd ? Evaluate(logic.Right) : left;
    }

    private TextValue Concatenate(ConcatenationExpression concatenation)
    {
        var builder = new MarkedTextBuilder(budget);
        foreach (var item in concatenation.Items) Representation.AppendText(builder, Evaluate(item));
        return builder.ToText();
    }

    private Value Compute(ArithmeticExpression arithmetic)
    {
        var left = Evaluate(arithmetic.Left);
        var right = Evaluate(arithmetic.Right);
        At = arithmetic.At;
        return Arithmetic.Compute(this, arithmetic.Operator, left, right);
    }

    private Value Signed(SignExpression sign)
    {
        var operand = Evaluate(sign.Operand);
        At = sign.At;
        return Arithmetic.Signed(sign.IsMinus, operand);
    }

    private Value Choose(ConditionExpression condition)
    {
        if (Truth(Evaluate(condition.Test))) return Evaluate(condition.Then);
        return condition.Otherwise is { } otherwise ? Evaluate(otherwise) : new UndefinedValue("the inline if-expression evaluated to false and no else section was defined.");
    }
}
