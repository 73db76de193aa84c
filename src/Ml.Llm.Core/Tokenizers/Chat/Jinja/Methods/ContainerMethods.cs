namespace Ml.Llm.Tokenization.Jinja;

/// <summary>The methods and attributes of lists, tuples, mappings, macros and cyclers; those that would change one are refused elsewhere.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal static class ContainerMethods
{
    public static Func<Renderer, MappingValue, Arguments, Value>? OfMapping(string name) => name switch
    {
        "get" => static (_, mapping, arguments) => Get(mapping, arguments),
        "items" => static (renderer, mapping, arguments) => View(renderer, "dict_items", arguments, Pairs(renderer, mapping)),
        "keys" => static (renderer, mapping, arguments) => View(renderer, "dict_keys", arguments, mapping.Keys()),
        "values" => static (renderer, mapping, arguments) => View(renderer, "dict_values", arguments, mapping.Values()),
        "copy" => static (_, mapping, _) => mapping,
        _ => null,
    };

    public static Func<Renderer, SequenceValue, Arguments, Value>? OfSequence(string name) => name switch
    {
        "count" => static (renderer, sequence, arguments) => new IntegerValue(Places(renderer, sequence, arguments, "count").Count()),
        "index" => static (renderer, sequence, arguments) => Index(renderer, sequence, arguments),
        "copy" => static (_, sequence, _) => sequence,
        _ => null,
    };

    public static Value? OfMacro(Renderer renderer, MacroValue macro, string name) => name switch
    {
        "name" => TextValue.Of(macro.Definition.Name),
        "arguments" => renderer.Tuple([.. macro.Definition.Parameters.Select(TextValue.Of)]),
        "catch_kwargs" => BooleanValue.Of(macro.Definition.TakesNamed),
        "catch_varargs" => BooleanValue.Of(macro.Definition.TakesMore),
        "caller" => BooleanValue.Of(macro.Definition.TakesCaller),
        _ => null,
    };

    public static Value? OfCycler(CyclerValue cycler, string name)
    {
        switch (name)
        {
            case "current": return cycler.Current;
            case "next": return new FunctionValue(name, (_, _) => cycler.Next());
            case "reset":
                return new FunctionValue(name, (_, _) =>
                {
                    cycler.Reset();
                    return NoneValue.Instance;
                });
            default: return null;
        }
    }

    /// <summary>The pairs of a mapping, as tuples.</summary>
    public static Value[] Pairs(Renderer renderer, MappingValue mapping)
    {
        var pairs = new Value[mapping.Pairs.Count];
        for (var i = 0; i < pairs.Length; i++) pairs[i] = renderer.Tuple(mapping.Pairs[i].Key, mapping.Pairs[i].Value);
        return pairs;
    }

    private static Value Get(MappingValue mapping, Arguments arguments)
    {
        var values = arguments.Bind("get", 1, "*key", "*default");
        ValueKeys.RequireHashable(values[0]!);
        return mapping.Find(values[0]!) ?? values[1] ?? NoneValue.Instance;
    }

    private static ViewValue View(Renderer renderer, string typeName, Arguments arguments, Value[] items)
    {
        arguments.Bind(typeName, 0);
        return new ViewValue(typeName, items, renderer.Budget);
    }

    private static IEnumerable<int> Places(Renderer renderer, SequenceValue sequence, Arguments arguments, string name)
    {
        var wanted = arguments.Bind(name, 1, "*value")[0]!;
        renderer.Budget.Step(sequence.Extent.Weight);
        return Enumerable.Range(0, sequence.Items.Length).Where(i => Comparison.AreEqual(sequence.Items[i], wanted));
    }

    private static IntegerValue Index(Renderer renderer, SequenceValue sequence, Arguments arguments)
    {
        foreach (var place in Places(renderer, sequence, arguments, "index")) return new IntegerValue(place);
        throw Fault.Value($"the value is not in the {sequence.TypeName}");
    }
}
