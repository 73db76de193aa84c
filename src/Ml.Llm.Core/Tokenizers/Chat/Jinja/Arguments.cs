namespace Ml.Llm.Tokenization.Jinja;

/// <summary>The values of a call's arguments.</summary>
internal sealed class Arguments(Value[] positional, IReadOnlyList<KeyValuePair<string, Value>> named)
{
    public static readonly Arguments None = new([], []);

    public Value[] Positional => positional;

    public IReadOnlyList<KeyValuePair<string, Value>> Named => named;

    /// <summary>The named argument, or null.</summary>
    public Value? this[string name]
    {
        get
        {
            foreach (var (key, value) in named)
                if (key == name)
                    return value;
            return null;
        }
    }

    /// <summary>The arguments in the order of the parameters; null for one that is not given.</summary>
    /// <param name="callee">What is called, for complaints.</param>
    /// <param name="required">How many of the first parameters must be given.</param>
    /// <param name="parameters">The parameters' names; one that begins with * takes no argument by name.</param>
    public Value?[] Bind(string callee, int required, params ReadOnlySpan<string> parameters)
    {
        if (positional.Length > parameters.Length) throw Fault.Type($"{callee} takes at most {parameters.Length} arguments ({positional.Length} given)");
        var values = new Value?[parameters.Length];
        positional.CopyTo(values, 0);
        foreach (var (name, value) in named)
        {
            var place = parameters.IndexOf(name);
            if (place < 0) throw Fault.Type($"{callee} got an unexpected keyword argument '{name}'");
            if (values[place] is not null) throw Fault.Type($"{callee} got multiple values for argument '{name}'");
            values[place] = value;
        }

        for (var i = 0; i < required; i++)
            if (values[i] is null)
                throw Fault.Type($"{callee} is missing the argument '{parameters[i].TrimStart('*')}'");
        return values;
    }

    /// <summary>The arguments behind the first few.</summary>
    public Arguments After(int count) => new(positional[count..], named);
}
