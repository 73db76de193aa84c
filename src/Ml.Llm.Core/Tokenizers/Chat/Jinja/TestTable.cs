using System.Numerics;

namespace Ml.Llm.Tokenization.Jinja;

/// <summary>The tests behind <c>is</c>, by name.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal static class TestTable
{
    private static readonly Dictionary<string, Func<Renderer, Value, Arguments, bool>> s_tests = new()
    {
        ["odd"] = static (r, value, arguments) => IsRest(r, value, new IntegerValue(2), 1, arguments, "odd"),
        ["even"] = static (r, value, arguments) => IsRest(r, value, new IntegerValue(2), 0, arguments, "even"),
        ["divisibleby"] = static (r, value, arguments) => IsRest(r, value, arguments.Bind("divisibleby", 1, "num")[0]!, 0, Arguments.None, "divisibleby"),
        ["defined"] = Plain("defined", static value => value is not UndefinedValue),
        ["undefined"] = Plain("undefined", static value => value is UndefinedValue),
        ["none"] = Plain("none", static value => value is NoneValue),
        ["boolean"] = Plain("boolean", static value => value is BooleanValue),
        ["true"] = Plain("true", static value => value is BooleanValue { IsTrue: true }),
        ["false"] = Plain("false", static value => value is BooleanValue { IsTrue: false }),
        ["integer"] = Plain("integer", static value => value is IntegerValue),
        ["float"] = Plain("float", static value => value is FloatValue),
        ["number"] = Plain("number", Comparison.IsNumber),
        ["string"] = Plain("string", static value => value is TextValue),
        ["mapping"] = Plain("mapping", static value => value is MappingValue),
        ["iterable"] = Plain("iterable", Sequences.IsIterable),
        ["sequence"] = Plain("sequence", static value => value is TextValue or ListValue or TupleValue or MappingValue or RangeValue or UndefinedValue or BytesValue),
        ["callable"] = Plain("callable", static value => value is FunctionValue or MacroValue or LoopValue or UndefinedValue),
        ["escaped"] = Plain("escaped", static _ => false),
        ["lower"] = static (r, value, arguments) => TextMethods.IsOfOneCase(r, Representation.Text(r.Budget, value), arguments, CaseMapping.IsLower),
        ["upper"] = static (r, value, arguments) => TextMethods.IsOfOneCase(r, Representation.Text(r.Budget, value), arguments, CaseMapping.IsUpper),
        ["filter"] = static (_, value, arguments) => arguments.Bind("filter", 0).Length == 0 && value is TextValue name && FilterTable.Find(name.Text) is not null,
        ["test"] = static (_, value, arguments) => arguments.Bind("test", 0).Length == 0 && value is TextValue name && Find(name.Text) is not null,
        ["sameas"] = static (_, value, arguments) => IsSame(value, arguments.Bind("sameas", 1, "other")[0]!),
        ["in"] = static (r, value, arguments) => r.Holds(Relation.In, value, arguments.Bind("in", 1, "seq")[0]!),
        ["=="] = Of(Relation.Equal), ["eq"] = Of(Relation.Equal), ["equalto"] = Of(Relation.Equal),
        ["!="] = Of(Relation.NotEqual), ["ne"] = Of(Relation.NotEqual),
        ["<"] = Of(Relation.Less), ["lt"] = Of(Relation.Less), ["lessthan"] = Of(Relation.Less),
        ["<="] = Of(Relation.LessOrEqual), ["le"] = Of(Relation.LessOrEqual),
        [">"] = Of(Relation.Greater), ["gt"] = Of(Relation.Greater), ["greaterthan"] = Of(Relation.Greater),
        [">="] = Of(Relation.GreaterOrEqual), ["ge"] = Of(Relation.GreaterOrEqual),
    };

    /// <summary>A test by name, or null.</summary>
    public static Func<Renderer, Value, Arguments, bool>? Find(string name) => s_tests.GetValueOrDefault(name);

    /// <summary>What to say of a name that is none.</summary>
    public static string Unknown(string name) => $"No test named '{name}'.";

    private static Func<Renderer, Value, Arguments, bool> Plain(string name, Func<Value, bool> holds) => (_, value, arguments) =>
    {
        arguments.Bind(name, 0);
        return holds(value);
    };

    private static Func<Renderer, Value, Arguments, bool> Of(Relation relation) => (renderer, value, arguments) =>
        renderer.Holds(relation, value, arguments.Bind("the comparison", 1, "*other")[0]!);

    private static bool IsRest(Renderer renderer, Value value, Value divisor, int rest, Arguments arguments, string name)
    {
        arguments.Bind(name, 0);
        return Comparison.AreEqual(Arithmetic.Compute(renderer, Operator.Modulo, value, divisor), new IntegerValue(rest));
    }

    /// <summary>Whether two values are one: Python keeps small whole numbers and literal texts once, so equal ones count as one here.</summary>
    private static bool IsSame(Value left, Value right) => (left, right) switch
    {
        (IntegerValue a, IntegerValue b) => a.Number == b.Number,
        (TextValue a, TextValue b) => a.Text == b.Text,
        (BooleanValue a, BooleanValue b) => a.IsTrue == b.IsTrue,
        _ => ReferenceEquals(left, right),
    };
}
