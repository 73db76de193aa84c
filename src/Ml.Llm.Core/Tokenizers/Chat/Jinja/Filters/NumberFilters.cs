using System.Globalization;
using System.Numerics;

namespace Ml.Llm.Tokenization.Jinja;

/// <summary>Filters on numbers.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class NumberFilters
{
    public static Value Abs(Renderer renderer, Value value, Arguments arguments)
    {
        arguments.Bind("abs", 0);
        if (value is FloatValue number) return new FloatValue(Math.Abs(number.Number));
        return Arithmetic.Whole(value) is { } whole ? new IntegerValue(BigInteger.Abs(whole)) : throw Fault.Type($"bad operand type for abs(): '{value.TypeName}'");
    }

    /// <summary>A number or a text of one as a whole number; a default where it is none.</summary>
    public static Value Int(Renderer renderer, Value value, Arguments arguments)
    {
        var values = arguments.Bind("int", 0, "default", "base");
        if (value is UndefinedValue undefined) throw Fault.Undefined(undefined);
        var otherwise = values[0] ?? new IntegerValue(0);
        if (Arithmetic.Whole(value) is { } whole) return new IntegerValue(whole);
        if (value is TextValue text && ParseWhole(renderer.Budget, text.Text, Parameters.Whole(values[1], 10)) is { } parsed) return parsed;
        return FloatOf(value) is { } number && double.IsFinite(number) ? Arithmetic.Bounded(renderer.Budget, new BigInteger(number)) : otherwise;
    }

    /// <summary>A number or a text of one as a floating-point number; a default where it is none.</summary>
    public static Value Float(Renderer renderer, Value value, Arguments arguments)
    {
        var values = arguments.Bind("float", 0, "default");
        if (value is UndefinedValue undefined) throw Fault.Undefined(undefined);
        return FloatOf(value) is { } number ? new FloatValue(number) : values[0] ?? new FloatValue(0);
    }

    public static Value Round(Renderer renderer, Value value, Arguments arguments)
    {
        var values = arguments.Bind("round", 0, "precision", "method");
        var decimals = Math.Clamp(Parameters.Whole(values[0], 0), -400, 400);
        var method = Parameters.TextOrNone(values[1], "method")?.Text ?? "common";
        if (method is not ("common" or "ceil" or "floor")) throw Fault.Runtime("method must be common, ceil or floor");
        if (value is UndefinedValue undefined) throw Fault.Undefined(undefined);
        var number = Arithmetic.Number(value) ?? throw Fault.Type($"type {value.TypeName} doesn't define __round__ method");
        if (method != "common")
        {
            var power = Math.Pow(10, decimals);
            var scaled = method == "ceil" ? Math.Ceiling(number * power) : Math.Floor(number * power);
            return new FloatValue(scaled / power);
        }

        if (value is FloatValue) return new FloatValue(NumberText.Rounded(number, decimals));
        if (decimals >= 0) return new IntegerValue(Arithmetic.Whole(value)!.Value);
        // A whole number rounds to a multiple of a power of ten, halves to even.
        var unit = BigInteger.Pow(10, -decimals);
        var whole = Arithmetic.Whole(value)!.Value;
        var quotient = BigInteger.DivRem(whole, unit, out var rest);
        var half = (BigInteger.Abs(rest) * 2).CompareTo(unit);
        if (half > 0 || (half == 0 && !quotient.IsEven)) quotient += whole.Sign;
        return new IntegerValue(quotient * unit);
    }

    public static Value FileSizeFormat(Renderer renderer, Value value, Arguments arguments)
    {
        var isBinary = Parameters.Truth(arguments.Bind("filesizeformat", 0, "binary")[0], otherwise: false);
        if (value is UndefinedValue undefined) throw Fault.Undefined(undefined);
        var size = FloatOf(value) ?? throw Fault.Value($"could not convert to a number: '{value.TypeName}'");
        var unit = isBinary ? 1024.0 : 1000.0;
        if (size == 1) return TextValue.Of("1 Byte");
        if (size < unit) return TextValue.Of(string.Create(CultureInfo.InvariantCulture, $"{(long)size} Bytes"));
        const string Prefixes = "kMGTPEZY";
        var power = 0;
        while (power < Prefixes.Length - 1 && size >= Math.Pow(unit, power + 2)) power++;
        var prefix = isBinary ? char.ToUpperInvariant(Prefixes[power]) + "iB" : Prefixes[power] + "B";
        return TextValue.Of($"{NumberText.Fixed(unit * size / Math.Pow(unit, power + 2), 1)} {prefix}");
    }

    /// <summary>A text of a whole number as Python's int reads it: with a sign, underscores, white space around; null where it is none.</summary>
    private static IntegerValue? ParseWhole(Budget budget, string text, int radix)
    {
        if (radix is not 0 and (< 2 or > 36)) return null;
        budget.Read(text.Length * 8);
        var digits = text.Trim().ToLowerInvariant();
        var isNegative = digits.StartsWith('-');
        if (isNegative || digits.StartsWith('+')) digits = digits[1..];
        var marked = digits.Length > 1 && digits[0] == '0' ? digits[1] switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 0 } : 0;
        if (marked != 0 && (radix == 0 || radix == marked)) (digits, radix) = (digits[2..].TrimStart('_'), marked);
        else if (radix == 0) radix = 10;
        if (digits.Length == 0 || digits.StartsWith('_') || digits.EndsWith('_') || digits.Contains("__", StringComparison.Ordinal)) return null;
        var number = BigInteger.Zero;
        foreach (var digit in digits.Where(static digit => digit != '_'))
        {
            var worth = char.IsAsciiDigit(digit) ? digit - '0' : digit is >= 'a' and <= 'z' ? digit - 'a' + 10 : radix;
            if (worth >= radix) return null;
            number = Arithmetic.Bounded(budget, (number * radix) + worth).Number;
        }

        return new IntegerValue(isNegative ? -number : number);
    }

    private static double? FloatOf(Value value)
    {
        if (value is not TextValue text) return Arithmetic.Number(value);
        var digits = text.Text.Trim().Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();
        switch (digits.TrimStart('+', '-'))
        {
            case "inf" or "infinity": return digits.StartsWith('-') ? double.NegativeInfinity : double.PositiveInfinity;
            case "nan": return double.NaN;
        }

        return double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;
    }
}
