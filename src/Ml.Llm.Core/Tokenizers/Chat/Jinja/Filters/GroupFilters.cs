namespace Ml.Llm.Tokenization.Jinja;

/// <summary>Filters that order and group items.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class GroupFilters
{
    public static Value Sort(Renderer renderer, Value value, Arguments arguments)
    {
        var values = arguments.Bind("sort", 0, "reverse", "case_sensitive", "attribute");
        var isCaseSensitive = Parameters.Truth(values[1], otherwise: false);
        var paths = AttributePath.ListOf(values[2]);
        return renderer.List(Comparison.Sort(
            renderer.Budget,
            Sequences.Items(renderer, value),
            item => renderer.List(paths.Select(path => path.KeyIn(renderer, item, isCaseSensitive))),
            Parameters.Whole(values[0], 0) != 0));
    }

    public static Value Unique(Renderer renderer, Value value, Arguments arguments)
    {
        var values = arguments.Bind("unique", 0, "case_sensitive", "attribute");
        var isCaseSensitive = Parameters.Truth(values[0], otherwise: false);
        var path = AttributePath.Of(values[1]);
        var seen = new HashSet<Value>(ValueKeys.Instance);
        var unique = new List<Value>();
        foreach (var item in Sequences.Items(renderer, value))
        {
            var key = path.KeyIn(renderer, item, isCaseSensitive);
            ValueKeys.RequireHashable(key);
            renderer.Budget.Step(key.Extent.Weight);
            if (seen.Add(key)) unique.Add(item);
        }

        return new IteratorValue("generator", [.. unique], renderer.Budget);
    }

    public static Value Extreme(Renderer renderer, Value value, Arguments arguments, bool isMax)
    {
        var values = arguments.Bind(isMax ? "max" : "min", 0, "case_sensitive", "attribute");
        var isCaseSensitive = Parameters.Truth(values[0], otherwise: false);
        var path = AttributePath.Of(values[1]);
        Value? best = null, bestKey = null;
        foreach (var item in Sequences.Items(renderer, value))
        {
            var key = path.KeyIn(renderer, item, isCaseSensitive);
            if (bestKey is not null && !renderer.Holds(isMax ? Relation.Greater : Relation.Less, key, bestKey)) continue;
            (best, bestKey) = (item, key);
        }

        return best ?? new UndefinedValue("No aggregated item, sequence was empty.");
    }

    public static Value DictSort(Renderer renderer, Value value, Arguments arguments)
    {
        var values = arguments.Bind("dictsort", 0, "case_sensitive", "by", "reverse");
        var isCaseSensitive = Parameters.Truth(values[0], otherwise: false);
        var by = Parameters.TextOrNone(values[1], "by")?.Text ?? "key";
        if (by is not ("key" or "value")) throw Fault.Runtime("You can only sort by either \"key\" or \"value\"");
        if (value is UndefinedValue undefined) throw Fault.Undefined(undefined);
        if (value is not MappingValue mapping) throw Fault.Type($"'{value.TypeName}' object is no mapping");
        var path = AttributePath.Of(new IntegerValue(by == "key" ? 0 : 1));
        return renderer.List(Comparison.Sort(
            renderer.Budget,
            ContainerMethods.Pairs(renderer, mapping),
            pair => path.KeyIn(renderer, pair, isCaseSensitive),
            Parameters.Whole(values[2], 0) != 0));
    }

    public static Value GroupBy(Renderer renderer, Value value, Arguments arguments)
    {
        var values = arguments.Bind("groupby", 1, "attribute", "default", "case_sensitive");
        var isCaseSensitive = Parameters.Truth(values[2], otherwise: false);
        var path = AttributePath.Of(values[0]);
        var sorted = Comparison.Sort(renderer.Budget, Sequences.Items(renderer, value), Key, reverse: false);
        var groups = new List<Value>();
        for (var start = 0; start < sorted.Length;)
        {
            var key = Key(sorted[start]);
            var end = start + 1;
            while (end < sorted.Length && renderer.Holds(Relation.Equal, Key(sorted[end]), key)) end++;
            groups.Add(new TupleValue([path.In(renderer, sorted[start], values[1]), renderer.List(sorted[start..end])], renderer.Budget, isGroup: true));
            start = end;
        }

        return renderer.List(groups);

        Value Key(Value item)
        {
            var key = path.In(renderer, item, values[1]);
            return isCaseSensitive ? key : AttributePath.Of(null).KeyIn(renderer, key, isCaseSensitive: false);
        }
    }

    /// <summary>Lists of so many items each.</summary>
    public static Value Batch(Renderer renderer, Value value, Arguments arguments)
    {
        var values = arguments.Bind("batch", 1, "linecount", "fill_with");
        var size = Parameters.Whole(values[0], 0);
        var batches = new List<Value>();
        var batch = new List<Value>();
        foreach (var item in Sequences.Items(renderer, value))
        {
            if (batch.Count == size)
            {
                batches.Add(renderer.List(batch));
                batch.Clear();
            }

            batch.Add(item);
        }

        if (batch.Count > 0)
        {
            if (values[1] is { } fill and not NoneValue)
            {
                renderer.Budget.Step(Math.Max(0, size - batch.Count));
                while (batch.Count < size) batch.Add(fill);
            }

            batches.Add(renderer.List(batch));
        }

        return new IteratorValue("generator", [.. batches], renderer.Budget);
    }

    /// <summary>So many lists, of as equal length as can be.</summary>
    public static Value Slice(Renderer renderer, Value value, Arguments arguments)
    {
        var values = arguments.Bind("slice", 1, "slices", "fill_with");
        var items = Sequences.Items(renderer, value);
        var count = Parameters.Whole(values[0], 0);
        if (count == 0) throw Fault.DivisionByZero();
        renderer.Budget.Step(Math.Max(0, count));
        var slices = new List<Value>();
        var at = 0;
        for (var i = 0; i < count; i++)
        {
            var length = (items.Count / count) + (i < items.Count % count ? 1 : 0);
            var slice = items.Skip(at).Take(length).ToList();
            at += length;
            if (values[1] is { } fill and not NoneValue && i >= items.Count % count) slice.Add(fill);
            slices.Add(renderer.List(slice));
        }

        return new IteratorValue("generator", [.. slices], renderer.Budget);
    }
}
