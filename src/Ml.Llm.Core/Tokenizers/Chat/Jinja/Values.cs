using System.Numerics;

namespace Ml.Llm.Tokenization.Jinja;

/// <summary>A value of a template. Values never change, but for namespaces, loops, cyclers and what is iterated once.</summary>
internal abstract class Value
{
    /// <summary>What Python calls its type.</summary>
    public abstract string TypeName { get; }

    /// <summary>How deep and how large it is.</summary>
    public virtual Extent Extent => new(0, 1);
}

/// <summary>
/// How deep containers nest in a value, and how many values a walk over it meets (a value that is in it twice counts twice).
/// Both are bounded where a container is made, so that no walk goes too deep or on for ever.
/// </summary>
internal readonly record struct Extent(int Depth, long Weight)
{
    public static Extent Of(ReadOnlySpan<Value> items, Budget budget)
    {
        budget.Step(items.Length);
        var extent = default(Extent);
        foreach (var item in items) extent = extent.With(item);
        return extent.Around(budget);
    }

    public Extent With(Value item) => new(Math.Max(Depth, item.Extent.Depth), Weight + item.Extent.Weight);

    /// <summary>The extent of a container of all this.</summary>
    public Extent Around(Budget budget)
    {
        var limits = budget.Limits;
        if (Depth >= limits.MaxValueDepth) throw Fault.Limit($"values nest deeper than {limits.MaxValueDepth} levels (MaxValueDepth)");
        if (Weight >= limits.MaxSteps) throw Fault.Limit($"a value holds more than {limits.MaxSteps} others (MaxSteps)");
        return new Extent(Depth + 1, Weight + 1);
    }
}

/// <summary>None.</summary>
internal sealed class NoneValue : Value
{
    public static readonly NoneValue Instance = new();

    public override string TypeName => "NoneType";
}

/// <summary>True or false, which count as 1 and 0 in arithmetic.</summary>
internal sealed class BooleanValue(bool isTrue) : Value
{
    public static readonly BooleanValue True = new(true);
    public static readonly BooleanValue False = new(false);

    public bool IsTrue => isTrue;

    public override string TypeName => "bool";

    public static BooleanValue Of(bool value) => value ? True : False;
}

/// <summary>A whole number of any size within the limit.</summary>
internal sealed class IntegerValue(BigInteger number) : Value
{
    public BigInteger Number => number;

    public override string TypeName => "int";
}

/// <summary>A floating-point number.</summary>
internal sealed class FloatValue(double number) : Value
{
    public double Number => number;

    public override string TypeName => "float";
}

/// <summary>Bytes: what encoding a text gives.</summary>
internal sealed class BytesValue(byte[] bytes) : Value
{
    public byte[] Bytes => bytes;

    public override string TypeName => "bytes";
}

/// <summary>What a name, attribute or item that is not there stands for; using it further is an error, printing it is none.</summary>
internal sealed class UndefinedValue(string message, ChatTemplateErrorKind kind = ChatTemplateErrorKind.Undefined) : Value
{
    public string Message => message;

    public ChatTemplateErrorKind Kind => kind;

    public override string TypeName => "Undefined";

    public static UndefinedValue Name(string name) => new($"'{name}' is undefined");

    public static UndefinedValue Attribute(Value owner, string name) =>
        new($"'{(owner is NoneValue ? "None" : owner.TypeName + " object")}' has no attribute '{name}'");

    public static UndefinedValue Element(Value owner, string index) =>
        new($"{(owner is NoneValue ? "None" : owner.TypeName + " object")} has no element {index}");
}

/// <summary>The part of a sequence that a subscript with colons asks for.</summary>
internal sealed class SliceValue(Value start, Value stop, Value step) : Value
{
    public Value Start => start;

    public Value Stop => stop;

    public Value Step => step;

    public override string TypeName => "slice";
}

/// <summary>Something that can be called.</summary>
internal sealed class FunctionValue(string name, Func<Renderer, Arguments, Value> call) : Value
{
    public string Name => name;

    public Func<Renderer, Arguments, Value> Call => call;

    public override string TypeName => "function";
}

/// <summary>Names that a template can set from within loops.</summary>
internal sealed class NamespaceValue : Value
{
    public Dictionary<string, Value> Attributes { get; } = [];

    public override string TypeName => "Namespace";

    public void Set(string name, Value value)
    {
        if (name.StartsWith('_'))
            throw Fault.Security($"Chat templates cannot store underscore-prefixed attributes on a namespace, but got '{name}'. Please rename the attribute.");
        Attributes[name] = value;
    }
}

/// <summary>Values given out in turn.</summary>
internal sealed class CyclerValue(IReadOnlyList<Value> items) : Value
{
    private int _position;

    public override string TypeName => "Cycler";

    public Value Current => items[_position];

    public Value Next()
    {
        var current = Current;
        _position = (_position + 1) % items.Count;
        return current;
    }

    public void Reset() => _position = 0;
}
