using System.Globalization;

namespace Ml.Llm.Tokenization.Jinja;

/// <summary>A path of attributes with dots between, as filters take one; a part of digits is an index.</summary>
internal sealed class AttributePath
{
    private readonly Value[] _parts;

    private AttributePath(Value[] parts) => _parts = parts;

    /// <summary>The path that an argument tells; none, the value itself, where there is no argument.</summary>
    public static AttributePath Of(Value? argument) => argument switch
    {
        null or NoneValue => new AttributePath([]),
        TextValue text => new AttributePath([.. text.Text.Split('.').Select(Part)]),
        _ => new AttributePath([argument]),
    };

    /// <summary>The paths with commas between that sort takes.</summary>
    public static AttributePath[] ListOf(Value? argument) =>
        argument is TextValue text ? [.. text.Text.Split(',').Select(static path => Of(TextValue.Of(path)))] : [Of(argument)];

    /// <summary>What lies at the path in a value.</summary>
    public Value In(Renderer renderer, Value value, Value? otherwise = null)
    {
        foreach (var part in _parts)
        {
            value = Members.Item(renderer, value, part);
            if (value is UndefinedValue && otherwise is not (null or NoneValue)) value = otherwise;
        }

        return value;
    }

    /// <summary>What lies at the path, in lower case where it is a text and case does not count.</summary>
    public Value KeyIn(Renderer renderer, Value value, bool isCaseSensitive)
    {
        var key = In(renderer, value);
        if (isCaseSensitive || key is not TextValue text) return key;
        renderer.Budget.Write(text.Text.Length);
        return TextValue.Of(CaseMapping.Lower(text.Text));
    }

    private static Value Part(string part) => part.Length > 0 && part.All(char.IsAsciiDigit)
        ? new IntegerValue(System.Numerics.BigInteger.Parse(part.Length > 18 ? part[..18] : part, CultureInfo.InvariantCulture))
        : TextValue.Of(part);
}
