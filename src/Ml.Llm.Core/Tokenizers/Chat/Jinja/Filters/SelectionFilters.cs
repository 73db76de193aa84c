namespace Ml.Llm.Tokenization.Jinja;

/// <summary>Filters that apply a filter or test to each item.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class SelectionFilters
{
    public static Value Map(Renderer renderer, Value value, Arguments arguments)
    {
        if (!Renderer.Truth(value)) return new IteratorValue("generator", [], renderer.Budget);
        Func<Value, Value> apply;
        if (arguments.Positional.Length == 0 && arguments["attribute"] is { } attribute)
        {
            var otherwise = arguments["default"];
            foreach (var (name, _) in arguments.Named)
                if (name is not ("attribute" or "default"))
                    throw Fault.Runtime($"Unexpected keyword argument '{name}'");
            var path = AttributePath.Of(attribute);
            apply = item => path.In(renderer, item, otherwise);
        }
        else
        {
            if (arguments.Positional.Length == 0) throw Fault.Runtime("map requires a filter argument");
            var name = NameOf(arguments.Positional[0]);
            var filter = FilterTable.Find(name) ?? throw Fault.Runtime(FilterTable.Unknown(name));
            var rest = arguments.After(1);
            apply = item => filter(renderer, item, rest);
        }

        return new IteratorValue("generator", [.. Sequences.Items(renderer, value).Select(apply)], renderer.Budget);
    }

    /// <summary>The items, or their attributes, that a test holds for or not.</summary>
    public static Value Select(Renderer renderer, Value value, Arguments arguments, string callee, bool byAttribute, bool keeps)
    {
        if (!Renderer.Truth(value)) return new IteratorValue("generator", [], renderer.Budget);
        var path = AttributePath.Of(null);
        if (byAttribute)
        {
            if (arguments.Positional.Length == 0) throw Fault.Runtime($"{callee}: Missing parameter for attribute name");
            path = AttributePath.Of(arguments.Positional[0]);
            arguments = arguments.After(1);
        }

        Func<Value, bool> holds = Renderer.Truth;
        if (arguments.Positional.Length > 0)
        {
            var name = NameOf(arguments.Positional[0]);
            var test = TestTable.Find(name) ?? throw Fault.Runtime(TestTable.Unknown(name));
            var rest = arguments.After(1);
            holds = item => test(renderer, item, rest);
        }

        return new IteratorValue("generator", [.. Sequences.Items(renderer, value).Where(item => holds(path.In(renderer, item)) == keeps)], renderer.Budget);
    }

    private static string NameOf(Value value) => value is TextValue text ? text.Text : throw Fault.Runtime($"a filter or test is named by a text, not by {value.TypeName}");
}
