using System.Globalization;
using System.Numerics;

namespace Ml.Llm.Tokenization.Jinja;

/// <summary>How one value is laid out in a formatted text: [[fill]align][sign][#][0][width][,][.precision][type].</summary>
internal readonly record struct FormatSpecification(
    char Fill, char Align, char Sign, bool IsAlternate, int Width, char Grouping, int Precision, char Type)
{
    /// <summary>The largest width and precision; beyond, a text of the largest length is asked for anyway.</summary>
    private const int Most = int.MaxValue / 2;

    /// <summary>Reads what stands behind the colon of a field.</summary>
    public static FormatSpecification Parse(string text)
    {
        var at = 0;
        var (fill, align) = (' ', '\0');
        if (text.Length > 1 && text[1] is '<' or '>' or '=' or '^') (fill, align, at) = (text[0], text[1], 2);
        else if (text.Length > 0 && text[0] is '<' or '>' or '=' or '^') (align, at) = (text[0], 1);
        var sign = Take("+- ", '-');
        var isAlternate = Take("#", '\0') != '\0';
        if (at < text.Length && text[at] == '0' && align == '\0') (fill, align, at) = ('0', '=', at + 1);
        var width = Number() ?? 0;
        var grouping = Take(",_", '\0');
        int? precision = null;
        if (Take(".", '\0') != '\0') precision = Number() ?? throw Fault.Value("Format specifier missing precision");
        var type = Take("bcdeEfFgGnosxX%", '\0');
        if (at < text.Length) throw Fault.Value($"Invalid format specifier '{text}'");
        return new FormatSpecification(fill, align, sign, isAlternate, width, grouping, precision ?? -1, type);

        char Take(string some, char otherwise) => at < text.Length && some.Contains(text[at], StringComparison.Ordinal) ? text[at++] : otherwise;

        int? Number()
        {
            int? number = null;
            for (; at < text.Length && char.IsAsciiDigit(text[at]); at++) number = (int)Math.Min(Most, ((number ?? 0) * 10L) + text[at] - '0');
            return number;
        }
    }

    /// <summary>Appends a value laid out so.</summary>
    public void Append(Renderer renderer, MarkedTextBuilder builder, Value value)
    {
        if (value is UndefinedValue or NoneValue or SequenceValue or MappingValue && this != Parse(""))
            throw Fault.Type($"unsupported format string passed to {value.TypeName}.__format__");
        if (Comparison.IsNumber(value) && (value is not BooleanValue || Type != '\0'))
        {
            var (sign, digits) = Digits(renderer, value);
            Pad(renderer, builder, sign, TextValue.Of(digits), Align == '\0' ? '>' : Align);
            return;
        }

        if (Type is not ('\0' or 's')) throw Fault.Value($"Unknown format code '{Type}' for object of type '{value.TypeName}'");
        if (Align == '=' && Fill != '0') throw Fault.Value("'=' alignment not allowed in string format specifier");
        var text = Representation.Text(renderer.Budget, value);
        if (Precision >= 0) text = text.Part(0, CodePoints.UnitAt(text.Text, Precision));
        Pad(renderer, builder, "", text, Align is '\0' or '=' ? '<' : Align);
    }

    /// <summary>A number's sign and digits, as the type asks for them.</summary>
    public (string Sign, string Digits) Digits(Renderer renderer, Value value)
    {
        if (Precision > 1000) throw Fault.Limit("a number has more than 1000 decimals");
        var isFloat = Type is 'e' or 'E' or 'f' or 'F' or 'g' or 'G' or '%' || (value is FloatValue && Type is '\0' or 'n');
        if (!isFloat && value is FloatValue) throw Fault.Value($"Unknown format code '{Type}' for object of type 'float'");
        if (isFloat)
        {
            var number = Arithmetic.Number(value)!.Value;
            return (SignOf(double.IsNegative(number)), OfFloat(Math.Abs(number)));
        }

        if (Precision >= 0) throw Fault.Value("Precision not allowed in integer format specifier");
        var whole = Arithmetic.Whole(value)!.Value;
        var magnitude = BigInteger.Abs(whole);
        var digits = Type switch
        {
            'b' => (IsAlternate ? "0b" : "") + InRadix(magnitude, 2),
            'o' => (IsAlternate ? "0o" : "") + InRadix(magnitude, 8),
            'x' => (IsAlternate ? "0x" : "") + InRadix(magnitude, 16),
            'X' => (IsAlternate ? "0X" : "") + InRadix(magnitude, 16).ToUpperInvariant(),
            'c' => whole >= 0 && whole <= 0x10FFFF && System.Text.Rune.TryCreate((int)whole, out var rune) ? rune.ToString() : throw Fault.Value("%c arg not in range(0x110000)"),
            's' => throw Fault.Value($"Unknown format code 's' for object of type '{value.TypeName}'"),
            _ => Grouped(NumberText.Of(magnitude)),
        };
        return (SignOf(whole.Sign < 0), digits);
    }

    private string OfFloat(double number)
    {
        if (!double.IsFinite(number)) return (double.IsNaN(number) ? "nan" : "inf") is var name && Type is 'E' or 'F' or 'G' ? name.ToUpperInvariant() : name;
        var decimals = Precision < 0 ? 6 : Precision;
        switch (Type)
        {
            case 'f' or 'F': return Grouped(NumberText.Fixed(number, decimals));
            case '%': return Grouped(NumberText.Fixed(number * 100, decimals)) + "%";
            case 'e' or 'E': return Exponential(number, decimals, Type);
            case '\0' when Precision < 0: return Grouped(NumberText.Of(number));
            default: return General(number, Math.Max(decimals, 1));
        }
    }

    private static string Exponential(double number, int decimals, char sign)
    {
        var text = number.ToString($"e{decimals}", CultureInfo.InvariantCulture);
        var mark = text.IndexOf('e', StringComparison.Ordinal);
        var exponent = int.Parse(text.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $"{text[..mark]}{sign}{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
    }

    private string General(double number, int digits)
    {
        var exponential = Exponential(number, digits - 1, 'e');
        var exponent = int.Parse(exponential.AsSpan(exponential.IndexOf('e', StringComparison.Ordinal) + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var isPlain = exponent >= -4 && exponent < (Type == '\0' ? digits - 1 : digits);
        var text = isPlain ? NumberText.Fixed(number, Math.Max(0, digits - 1 - exponent)) : exponential;
        var mark = text.IndexOf('e', StringComparison.Ordinal);
        var (mantissa, rest) = mark < 0 ? (text, "") : (text[..mark], text[mark..]);
        if (!IsAlternate && mantissa.Contains('.')) mantissa = mantissa.TrimEnd('0').TrimEnd('.');
        if (Type == '\0' && isPlain && !mantissa.Contains('.')) mantissa += ".0";
        return Type == 'G' ? mantissa + rest.ToUpperInvariant() : mantissa + rest;
    }

    private string SignOf(bool isNegative) => isNegative ? "-" : Sign is '+' or ' ' ? Sign.ToString() : "";

    private string Grouped(string digits)
    {
        if (Grouping == '\0') return digits;
        var point = digits.AsSpan().IndexOfAny('.', 'e') is var found and >= 0 ? found : digits.Length;
        var whole = digits[..point];
        for (var at = whole.Length - 3; at > 0; at -= 3) whole = whole.Insert(at, Grouping.ToString());
        return whole + digits[point..];
    }

    private static string InRadix(BigInteger number, int radix)
    {
        if (number.IsZero) return "0";
        var digits = new Stack<char>();
        for (; !number.IsZero; number /= radix) digits.Push("0123456789abcdef"[(int)(number % radix)]);
        return new string([.. digits]);
    }

    private void Pad(Renderer renderer, MarkedTextBuilder builder, string sign, TextValue text, char align)
    {
        renderer.Budget.Read(text.Text.Length);
        var missing = Math.Max(0, Width - sign.Length - CodePoints.Count(text.Text));
        var left = align switch { '>' => missing, '^' => missing / 2, _ => 0 };
        builder.Fill(Fill, left);
        builder.Append(sign);
        if (align == '=') builder.Fill(Fill, missing);
        builder.Append(text);
        if (align != '=') builder.Fill(Fill, missing - left);
    }
}
