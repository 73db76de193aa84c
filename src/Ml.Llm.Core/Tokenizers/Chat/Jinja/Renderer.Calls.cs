namespace Ml.Llm.Tokenization.Jinja;

internal sealed partial class Renderer
{
    /// <summary>Calls a value.</summary>
    public Value Call(Value callee, Arguments arguments) => callee switch
    {
        FunctionValue function => function.Call(this, arguments),
        MacroValue macro => CallMacro(macro, arguments),
        LoopValue loop => CallLoop(loop, arguments),
        UndefinedValue undefined => throw Fault.Undefined(undefined),
        _ => throw Fault.Type($"'{callee.TypeName}' object is not callable"),
    };

    private Value Call(CallExpression call, MacroValue? caller)
    {
        var callee = Evaluate(call.Callee);
        var arguments = Evaluate(call.Arguments);
        if (caller is not null) arguments = new Arguments(arguments.Positional, [.. arguments.Named, new("caller", caller)]);
        At = call.At;
        return Call(callee, arguments);
    }

    private Arguments Evaluate(ArgumentList list)
    {
        if (ReferenceEquals(list, ArgumentList.None)) return Arguments.None;
        var positional = EvaluateAll(list.Positional);
        var named = new List<KeyValuePair<string, Value>>(list.Named.Count);
        foreach (var (name, value) in list.Named)
        {
            if (named.Exists(pair => pair.Key == name)) throw Fault.Type($"got multiple values for keyword argument '{name}'");
            named.Add(new(name, Evaluate(value)));
        }

        if (list.MorePositional is { } more) positional = [.. positional, .. Sequences.Items(this, Evaluate(more), "the argument after * must be an iterable")];
        if (list.MoreNamed is { } moreNamed)
        {
            if (Evaluate(moreNamed) is not MappingValue mapping) throw Fault.Type("the argument after ** must be a mapping");
            foreach (var (key, value) in mapping.Pairs)
            {
                if (key is not TextValue name) throw Fault.Type("keywords must be strings");
                if (named.Exists(pair => pair.Key == name.Text)) throw Fault.Type($"got multiple values for keyword argument '{name.Text}'");
                named.Add(new(name.Text, value));
            }
        }

        return new Arguments(positional, named);
    }

    private TextValue CallMacro(MacroValue macro, Arguments arguments)
    {
        var definition = macro.Definition;
        var scope = new Scope(macro.Scope);
        var named = arguments.Named.ToList();
        var count = Math.Min(arguments.Positional.Length, definition.Parameters.Count);
        var missing = new List<int>();
        for (var i = 0; i < definition.Parameters.Count; i++)
        {
            var name = definition.Parameters[i];
            var given = i < count ? -1 : named.FindIndex(pair => pair.Key == name);
            if (i < count)
            {
                scope.Set(name, arguments.Positional[i]);
            }
            else if (given >= 0)
            {
                scope.Set(name, named[given].Value);
                named.RemoveAt(given);
            }
            else
            {
                missing.Add(i);
            }
        }

        if (definition.TakesCaller)
        {
            var given = named.FindIndex(static pair => pair.Key == "caller");
            scope.Set("caller", given < 0 ? new UndefinedValue("No caller defined") : named[given].Value);
            if (given >= 0) named.RemoveAt(given);
        }

        if (definition.TakesNamed) scope.Set("kwargs", new MappingValue(named.Select(static pair => KeyValuePair.Create((Value)TextValue.Of(pair.Key), pair.Value)), budget));
        else if (named.Count > 0) throw Fault.Type($"macro '{definition.Name}' takes no keyword argument '{named[0].Key}'");
        if (definition.TakesMore) scope.Set("varargs", new TupleValue(arguments.Positional[count..], budget));
        else if (arguments.Positional.Length > count) throw Fault.Type($"macro '{definition.Name}' takes not more than {count} argument(s)");

        // Defaults see the parameters before them.
        var outer = _scope;
        _scope = scope;
        foreach (var i in missing)
        {
            var place = i - (definition.Parameters.Count - definition.Defaults.Count);
            var name = definition.Parameters[i];
            scope.Set(name, place >= 0 ? Evaluate(definition.Defaults[place]) : new UndefinedValue($"parameter '{name}' was not provided"));
        }

        _scope = outer;
        return Captured(definition.Body, scope).Text;
    }

    private Flow Loop(ForStatement statement, Value items, int depth)
    {
        var outer = _scope;
        var source = Sequences.Items(this, items);
        var loop = new LoopValue(statement.Filter is null ? source : Filtered(statement, source, outer), statement.Filter is null ? source.Count : null, statement, outer, depth);
        var anyTurnDone = false;
        while (loop.MoveNext())
        {
            budget.Step();
            _scope = new Scope(outer);
            Assign(statement.Target, loop.Current);
            _scope.Set("loop", loop);
            var flow = Execute(statement.Body);
            if (flow == Flow.EndsLoop) break;
            // As in Jinja, a turn that is cut short does not count for the else.
            if (flow == Flow.Next) anyTurnDone = true;
        }

        _scope = outer;
        if (anyTurnDone || statement.Otherwise.Length == 0) return Flow.Next;
        _scope = new Scope(outer);
        var after = Execute(statement.Otherwise);
        _scope = outer;
        return after;
    }

    /// <summary>The items that a loop's condition lets through, looked at when the loop comes to them.</summary>
    private IEnumerable<Value> Filtered(ForStatement statement, IReadOnlyList<Value> items, Scope outer)
    {
        foreach (var item in items)
        {
            var scope = _scope;
            _scope = new Scope(outer);
            Assign(statement.Target, item);
            var passes = Truth(Evaluate(statement.Filter!));
            _scope = scope;
            if (passes) yield return item;
        }
    }

    /// <summary>A recursive loop called by itself: its body for other items.</summary>
    private TextValue CallLoop(LoopValue loop, Arguments arguments)
    {
        if (!loop.Statement.IsRecursive) throw Fault.Type("The loop must have the 'recursive' marker to be called recursively.");
        var items = arguments.Bind("loop", 1, "iterable")[0]!;
        var (scope, output) = (_scope, _output);
        (_scope, _output) = (loop.Scope, new MarkedTextBuilder(budget));
        Enter();
        Loop(loop.Statement, items, loop.Depth0 + 1);
        Leave();
        var text = _output.ToText();
        (_scope, _output) = (scope, output);
        return text;
    }
}
