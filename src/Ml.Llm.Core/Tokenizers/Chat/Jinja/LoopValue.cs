namespace Ml.Llm.Tokenization.Jinja;

/// <summary>A macro, with the scope that it was defined in.</summary>
internal sealed class MacroValue(MacroDefinition definition, Scope scope) : Value
{
    public MacroDefinition Definition => definition;

    public Scope Scope => scope;

    public override string TypeName => "Macro";
}

/// <summary>A loop that is under way: where it is, and what comes next. It looks ahead only when asked to, as Jinja's does.</summary>
internal sealed class LoopValue : Value
{
    private readonly int _depth0;
    private IEnumerator<Value> _items;
    private int? _length;
    private Value? _after;
    private Value? _before;
    private Value? _current;
    private Value? _lastChanged;
    private int _index0 = -1;

    public LoopValue(IEnumerable<Value> items, int? length, ForStatement statement, Scope scope, int depth0)
    {
        _items = items.GetEnumerator();
        _length = length;
        _depth0 = depth0;
        (Statement, Scope) = (statement, scope);
    }

    public ForStatement Statement { get; }

    public Scope Scope { get; }

    public int Depth0 => _depth0;

    public Value Current => _current!;

    public override string TypeName => "LoopContext";

    public bool MoveNext()
    {
        if (Peek() is not { } next) return false;
        _after = null;
        _index0++;
        (_before, _current) = (_current, next);
        return true;
    }

    public override string ToString() => $"<LoopContext {_index0 + 1}/{Length()}>";

    /// <summary>An attribute of the loop, or null where it has none of that name.</summary>
    public Value? Attribute(Renderer renderer, string name) => name switch
    {
        "index" => Whole(_index0 + 1),
        "index0" => Whole(_index0),
        "revindex" => Whole(Length() - _index0),
        "revindex0" => Whole(Length() - _index0 - 1),
        "first" => BooleanValue.Of(_index0 == 0),
        "last" => BooleanValue.Of(Peek() is null),
        "length" => Whole(Length()),
        "depth" => Whole(_depth0 + 1),
        "depth0" => Whole(_depth0),
        "previtem" => _before ?? new UndefinedValue("there is no previous item"),
        "nextitem" => Peek() ?? new UndefinedValue("there is no next item"),
        "cycle" => new FunctionValue("cycle", (_, arguments) => Cycle(arguments)),
        "changed" => new FunctionValue("changed", (_, arguments) => Changed(renderer, arguments)),
        _ => null,
    };

    private static IntegerValue Whole(int number) => new(number);

    private Value? Peek() => _after ??= _items.MoveNext() ? _items.Current : null;

    private int Length()
    {
        if (_length is { } known) return known;
        var rest = new List<Value>();
        while (_items.MoveNext()) rest.Add(_items.Current);
        _items = rest.GetEnumerator();
        _length = rest.Count + _index0 + 1 + (_after is null ? 0 : 1);
        return _length.Value;
    }

    private Value Cycle(Arguments arguments) => arguments.Positional.Length == 0
        ? throw Fault.Type("no items for cycling given")
        : arguments.Positional[_index0 % arguments.Positional.Length];

    private BooleanValue Changed(Renderer renderer, Arguments arguments)
    {
        var now = renderer.Tuple(arguments.Positional);
        if (_lastChanged is not null && Comparison.AreEqual(_lastChanged, now)) return BooleanValue.False;
        _lastChanged = now;
        return BooleanValue.True;
    }
}
