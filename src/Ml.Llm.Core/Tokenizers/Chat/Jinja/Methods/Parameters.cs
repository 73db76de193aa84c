namespace Ml.Llm.Tokenization.Jinja;

/// <summary>Reads arguments as the kinds of values that functions want.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class Parameters
{
    public static bool Truth(Value? value, bool otherwise) => value is null ? otherwise : Renderer.Truth(value);

    /// <summary>A whole number within the range of int; larger ones count as the largest.</summary>
    public static int Whole(Value? value, int otherwise)
    {
        if (value is null) return otherwise;
        var whole = Arithmetic.Whole(value) ?? throw Fault.Type($"'{value.TypeName}' object cannot be interpreted as an integer");
        return (int)System.Numerics.BigInteger.Max(-int.MaxValue, System.Numerics.BigInteger.Min(int.MaxValue, whole));
    }

    /// <summary>A text; an error for another value.</summary>
    public static TextValue Text(Value? value, string what) => value switch
    {
        TextValue text => text,
        null => throw Fault.Type($"{what} is missing"),
        _ => throw Fault.Type($"{what} must be str, not {value.TypeName}"),
    };

    /// <summary>A text, or null for none.</summary>
    public static TextValue? TextOrNone(Value? value, string what) => value is null or NoneValue ? null : Text(value, what);
}
