namespace Ml.Llm.Tokenization.Jinja;

/// <summary>Names and their values, within those of a scope around it.</summary>
internal sealed class Scope(Scope? outer)
{
    private Dictionary<string, Value>? _names;

    public void Set(string name, Value value) => (_names ??= [])[name] = value;

    public Value? Find(string name)
    {
        for (var scope = this; scope is not null; scope = scope.Outer)
            if (scope._names is { } names && names.TryGetValue(name, out var value))
                return value;
        return null;
    }

    private Scope? Outer => outer;
}
