namespace Ml.Llm.Tokenization.Jinja;

/// <summary>Attributes and items of values, under the rules of Jinja's immutable sandbox.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class Members
{
    private static readonly HashSet<string> s_changesList = ["append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove"];
    private static readonly HashSet<string> s_changesMapping = ["clear", "pop", "popitem", "setdefault", "update"];

    /// <summary>Names that the objects of Python have, and that the sandbox keeps from templates.</summary>
    private static readonly HashSet<string> s_internal = [.. new[]
    {
        "add", "class", "class_getitem", "contains", "delattr", "dir", "doc", "eq", "format", "ge", "getattribute", "getitem", "getnewargs", "getstate", "gt", "hash",
        "init", "init_subclass", "iter", "le", "len", "lt", "mod", "mul", "ne", "new", "reduce", "reduce_ex", "repr", "rmul", "setattr", "sizeof", "str", "subclasshook",
    }.Select(static name => $"__{name}__")];

    /// <summary>An attribute; where there is none, the item of that name.</summary>
    public static Value Attribute(Renderer renderer, Value owner, string name)
    {
        if (owner is UndefinedValue undefined) throw Fault.Undefined(undefined);
        if (IsUnsafe(owner, name)) return Unsafe(owner, name);
        return Own(renderer, owner, name) ?? (owner as MappingValue)?.Find(name) ?? UndefinedValue.Attribute(owner, name);
    }

    /// <summary>An item; where there is none and the index is a text, the attribute of that name.</summary>
    public static Value Item(Renderer renderer, Value owner, Value index)
    {
        if (owner is UndefinedValue undefined) throw Fault.Undefined(undefined);
        var item = owner switch
        {
            MappingValue mapping when index is not (ListValue or MappingValue or SliceValue) => mapping.Find(index),
            TextValue or ListValue or TupleValue or RangeValue when index is SliceValue slice => Slicing.Slice(renderer, owner, slice),
            TextValue or ListValue or TupleValue or RangeValue when Arithmetic.Whole(index) is { } place => Slicing.At(renderer, owner, place),
            _ => null,
        };
        if (item is not null) return item;
        if (index is not TextValue { Text: var name }) return UndefinedValue.Element(owner, Representation.Repr(renderer.Budget, index).Text);
        if (IsUnsafe(owner, name)) return Unsafe(owner, name);
        return Own(renderer, owner, name) ?? UndefinedValue.Attribute(owner, name);
    }

    /// <summary>An attribute that is none of a mapping's items, or null.</summary>
    public static Value? Own(Renderer renderer, Value owner, string name) => owner switch
    {
        TextValue text => Bound(TextMethods.Find(name), text, name),
        MappingValue mapping => Bound(ContainerMethods.OfMapping(name), mapping, name),
        ListValue or TupleValue { IsGroup: false } => Bound(ContainerMethods.OfSequence(name), (SequenceValue)owner, name),
        TupleValue group => name switch
        {
            "grouper" => group.Items[0],
            "list" => group.Items[1],
            _ => Bound(ContainerMethods.OfSequence(name), (SequenceValue)group, name),
        },
        NamespaceValue space => space.Attributes.GetValueOrDefault(name),
        LoopValue loop => loop.Attribute(renderer, name),
        MacroValue macro => ContainerMethods.OfMacro(renderer, macro, name),
        CyclerValue cycler => ContainerMethods.OfCycler(cycler, name),
        FloatValue number when name == "is_integer" => new FunctionValue(name, (_, _) => BooleanValue.Of(Math.Floor(number.Number) == number.Number)),
        _ => null,
    };

    private static FunctionValue? Bound<T>(Func<Renderer, T, Arguments, Value>? method, T owner, string name) =>
        method is null ? null : new FunctionValue(name, (renderer, arguments) => method(renderer, owner, arguments));

    private static bool IsUnsafe(Value owner, string name) => owner switch
    {
        NamespaceValue => name == "__class__",
        _ when s_internal.Contains(name) => true,
        ListValue => s_changesList.Contains(name),
        MappingValue => s_changesMapping.Contains(name),
        _ => false,
    };

    private static UndefinedValue Unsafe(Value owner, string name) =>
        new($"access to attribute '{name}' of '{owner.TypeName}' object is unsafe.", ChatTemplateErrorKind.Security);
}

/// <summary>Items and parts of sequences by index, as Python has them.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class Slicing
{
    /// <summary>An item, from the end where the index is negative; null where there is none.</summary>
    public static Value? At(Renderer renderer, Value owner, System.Numerics.BigInteger index)
    {
        var count = Sequences.Length(renderer, owner)!.Value;
        if (index < 0) index += count;
        if (index < 0 || index >= count) return null;
        var place = (int)index;
        switch (owner)
        {
            case SequenceValue sequence: return sequence.Items[place];
            case RangeValue range: return range.At(place);
            default:
                var text = (TextValue)owner;
                var unit = CodePoints.UnitAt(text.Text, place);
                return text.Part(unit, CodePoints.LengthAt(text.Text, unit));
        }
    }

    /// <summary>A part.</summary>
    public static Value Slice(Renderer renderer, Value owner, SliceValue slice)
    {
        var count = Sequences.Length(renderer, owner)!.Value;
        var step = Part(slice.Step, 1);
        if (step == 0) throw Fault.Value("slice step cannot be zero");
        var (low, high) = step > 0 ? (0, count) : (-1, count - 1);
        var start = slice.Start is NoneValue ? (step > 0 ? low : high) : Clamp(Part(slice.Start, 0));
        var stop = slice.Stop is NoneValue ? (step > 0 ? high : low) : Clamp(Part(slice.Stop, 0));
        var length = step > 0 ? Math.Max(0, (stop - start + step - 1) / step) : Math.Max(0, (start - stop - step - 1) / -step);

        switch (owner)
        {
            case TextValue text: return OfText(renderer, text, (int)start, (int)length, step);
            case RangeValue range:
                return new RangeValue(range.Start + (range.Step * start), range.Start + (range.Step * (start + (step * length))), range.Step * step, (int)length);
        }

        var items = new Value[length];
        for (var i = 0; i < items.Length; i++) items[i] = ((SequenceValue)owner).Items[(int)(start + (i * step))];
        return owner is ListValue ? renderer.List(items) : renderer.Tuple(items);

        long Clamp(long place) => Math.Clamp(place < 0 ? place + count : place, low, high);
    }

    private static long Part(Value value, long otherwise)
    {
        if (value is NoneValue) return otherwise;
        var whole = Arithmetic.Whole(value) ?? throw Fault.Type("slice indices must be integers or None or have an __index__ method");
        // No sequence is longer than this, and sums of two such stay within a long.
        return (long)System.Numerics.BigInteger.Max(-int.MaxValue, System.Numerics.BigInteger.Min(int.MaxValue, whole));
    }

    private static TextValue OfText(Renderer renderer, TextValue text, int start, int length, long step)
    {
        if (length == 0) return TextValue.Empty;
        if (step == 1)
        {
            var (from, to) = (CodePoints.UnitAt(text.Text, start), CodePoints.UnitAt(text.Text, start + length));
            renderer.Budget.Write(to - from);
            return text.Part(from, to - from);
        }

        var characters = Sequences.Items(renderer, text);
        var builder = new MarkedTextBuilder(renderer.Budget);
        for (var i = 0; i < length; i++) builder.Append((TextValue)characters[(int)(start + (i * step))]);
        return builder.ToText();
    }
}
