using System.Numerics;

namespace Ml.Llm.Tokenization.Jinja;

/// <summary>The names that every chat template knows.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal static class GlobalFunctions
{
    public static readonly IReadOnlyList<KeyValuePair<string, Value>> All =
    [
        Function("range", Range),
        Function("dict", static (renderer, arguments) => Mapping(renderer, arguments, "dict")),
        Function("namespace", Namespace),
        Function("cycler", static (_, arguments) => new CyclerValue(
            arguments.Bind("cycler", 0, [.. arguments.Positional.Select(static _ => "*item")]).Length > 0 ? arguments.Positional : throw Fault.Runtime("at least one item has to be provided"))),
        Function("joiner", Joiner),
        Function("lipsum", static (_, _) => throw Fault.Runtime("lipsum makes random text, which is not known here")),
        Function("raise_exception", RaiseException),
        Function("strftime_now", static (renderer, arguments) =>
            TextValue.Of(TimeFormat.Format(renderer.Budget, renderer.Now, Parameters.Text(arguments.Bind("strftime_now", 1, "format")[0], "the format").Text))),
    ];

    private static KeyValuePair<string, Value> Function(string name, Func<Renderer, Arguments, Value> call) => new(name, new FunctionValue(name, call));

    private static RangeValue Range(Renderer renderer, Arguments arguments)
    {
        var values = arguments.Bind("range", 1, "*start", "*stop", "*step");
        BigInteger[] numbers = [.. values.OfType<Value>().Select(static value => Arithmetic.Whole(value) ?? throw Fault.Type($"'{value.TypeName}' object cannot be interpreted as an integer"))];
        var (start, stop) = numbers.Length == 1 ? (BigInteger.Zero, numbers[0]) : (numbers[0], numbers[1]);
        var step = numbers.Length == 3 ? numbers[2] : BigInteger.One;
        if (step.IsZero) throw Fault.Value("range() arg 3 must not be zero");
        var count = step.Sign > 0 ? (stop - start + step - 1) / step : (start - stop - step - 1) / -step;
        var most = renderer.Budget.Limits.MaxRangeLength;
        if (count > most) throw Fault.Limit($"a range is longer than {most} (MaxRangeLength)");
        return new RangeValue(start, stop, step, (int)BigInteger.Max(0, count));
    }

    private static MappingValue Mapping(Renderer renderer, Arguments arguments, string name)
    {
        if (arguments.Positional.Length > 1) throw Fault.Type($"{name} expected at most 1 argument, got {arguments.Positional.Length}");
        var pairs = new List<KeyValuePair<Value, Value>>();
        if (arguments.Positional.Length == 1 && arguments.Positional[0] is MappingValue mapping)
        {
            pairs.AddRange(mapping.Pairs);
        }
        else if (arguments.Positional.Length == 1)
        {
            foreach (var item in Sequences.Items(renderer, arguments.Positional[0]))
            {
                var pair = Sequences.Items(renderer, item);
                if (pair.Count != 2) throw Fault.Value($"dictionary update sequence element has length {pair.Count}; 2 is required");
                pairs.Add(new(pair[0], pair[1]));
            }
        }

        pairs.AddRange(arguments.Named.Select(static pair => KeyValuePair.Create((Value)TextValue.Of(pair.Key), pair.Value)));
        return new MappingValue(pairs, renderer.Budget);
    }

    private static NamespaceValue Namespace(Renderer renderer, Arguments arguments)
    {
        var space = new NamespaceValue();
        foreach (var (key, value) in Mapping(renderer, arguments, "namespace").Pairs)
            space.Set((key as TextValue ?? throw Fault.Type("keywords must be strings")).Text, value);
        return space;
    }

    private static FunctionValue Joiner(Renderer renderer, Arguments arguments)
    {
        var separator = arguments.Bind("joiner", 0, "sep")[0] ?? TextValue.Of(", ");
        var isUsed = false;
        return new FunctionValue("joiner", (_, _) =>
        {
            if (isUsed) return separator;
            isUsed = true;
            return TextValue.Empty;
        });
    }

    private static Value RaiseException(Renderer renderer, Arguments arguments)
    {
        var message = arguments.Bind("raise_exception", 1, "message")[0]!;
        throw new TemplateFaultException(ChatTemplateErrorKind.RaiseException, Representation.Text(renderer.Budget, message).Text);
    }
}
