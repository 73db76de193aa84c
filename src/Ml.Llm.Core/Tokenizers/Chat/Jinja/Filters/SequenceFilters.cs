namespace Ml.Llm.Tokenization.Jinja;

/// <summary>Filters on values and sequences as a whole.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class SequenceFilters
{
    public static Value Length(Renderer renderer, Value value, Arguments arguments)
    {
        arguments.Bind("length", 0);
        return new IntegerValue(Sequences.Length(renderer, value) ?? throw Fault.Type($"object of type '{value.TypeName}' has no len()"));
    }

    public static Value Default(Renderer renderer, Value value, Arguments arguments)
    {
        var values = arguments.Bind("default", 0, "default_value", "boolean");
        return value is UndefinedValue || (Parameters.Truth(values[1], otherwise: false) && !Renderer.Truth(value)) ? values[0] ?? TextValue.Empty : value;
    }

    public static Value First(Renderer renderer, Value value, Arguments arguments)
    {
        arguments.Bind("first", 0);
        if (value is TextValue { Text.Length: > 0 } text) return text.Part(0, CodePoints.LengthAt(text.Text, 0));
        var items = Sequences.Items(renderer, value);
        return items.Count > 0 ? items[0] : new UndefinedValue("No first item, sequence was empty.");
    }

    public static Value Last(Renderer renderer, Value value, Arguments arguments)
    {
        arguments.Bind("last", 0);
        // An iterator cannot be walked from the end.
        if (value is IteratorValue || !Sequences.IsIterable(value)) throw Fault.Type($"'{value.TypeName}' object is not reversible");
        var items = Sequences.Items(renderer, value);
        return items.Count > 0 ? items[^1] : new UndefinedValue("No last item, sequence was empty.");
    }

    public static Value List(Renderer renderer, Value value, Arguments arguments)
    {
        arguments.Bind("list", 0);
        return renderer.List(Sequences.Items(renderer, value));
    }

    public static Value Items(Renderer renderer, Value value, Arguments arguments)
    {
        arguments.Bind("items", 0);
        return value switch
        {
            UndefinedValue => new IteratorValue("generator", [], renderer.Budget),
            MappingValue mapping => new IteratorValue("generator", ContainerMethods.Pairs(renderer, mapping), renderer.Budget),
            _ => throw Fault.Type("Can only get item pairs from a mapping."),
        };
    }

    public static Value Reverse(Renderer renderer, Value value, Arguments arguments)
    {
        arguments.Bind("reverse", 0);
        if (!Sequences.IsIterable(value)) throw Fault.Runtime("argument must be iterable");
        Value[] reversed = [.. Sequences.Items(renderer, value).Reverse()];
        if (value is TextValue)
        {
            var builder = new MarkedTextBuilder(renderer.Budget);
            foreach (var character in reversed) builder.Append((TextValue)character);
            return builder.ToText();
        }

        return value is IteratorValue ? renderer.List(reversed) : new IteratorValue($"{value.TypeName}_reverseiterator", reversed, renderer.Budget);
    }

    public static Value Join(Renderer renderer, Value value, Arguments arguments)
    {
        var values = arguments.Bind("join", 0, "d", "attribute");
        var separator = values[0] is null ? TextValue.Empty : Representation.Text(renderer.Budget, values[0]!);
        var path = AttributePath.Of(values[1]);
        var builder = new MarkedTextBuilder(renderer.Budget);
        var isFirst = true;
        foreach (var item in Sequences.Items(renderer, value))
        {
            if (!isFirst) builder.Append(separator);
            isFirst = false;
            Representation.AppendText(builder, path.In(renderer, item));
        }

        return builder.ToText();
    }

    public static Value Sum(Renderer renderer, Value value, Arguments arguments)
    {
        var values = arguments.Bind("sum", 0, "attribute", "start");
        var path = AttributePath.Of(values[0]);
        var sum = values[1] ?? new IntegerValue(0);
        if (sum is TextValue) throw Fault.Type("sum() can't sum strings [use ''.join(seq) instead]");
        foreach (var item in Sequences.Items(renderer, value)) sum = Arithmetic.Compute(renderer, Operator.Add, sum, path.In(renderer, item));
        return sum;
    }

    /// <summary>An attribute, but never an item of that name.</summary>
    public static Value Attr(Renderer renderer, Value value, Arguments arguments)
    {
        var name = Parameters.Text(arguments.Bind("attr", 1, "name")[0], "attribute name").Text;
        if (value is UndefinedValue) return UndefinedValue.Attribute(value, name);
        var attribute = Members.Attribute(renderer, value, name);
        return attribute is UndefinedValue || Members.Own(renderer, value, name) is not null ? attribute : UndefinedValue.Attribute(value, name);
    }
}
