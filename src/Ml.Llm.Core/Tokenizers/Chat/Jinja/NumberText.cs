using System.Globalization;
using System.Numerics;

namespace Ml.Llm.Tokenization.Jinja;

/// <summary>Numbers as text, and rounded, as Python does it.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class NumberText
{
    public static string Of(BigInteger number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The shortest text that reads back as this number; an exponent only below 1e-4 and from 1e16 on.</summary>
    public static string Of(double number)
    {
        if (double.IsNaN(number)) return "nan";
        if (double.IsInfinity(number)) return number > 0 ? "inf" : "-inf";
        var (isNegative, digits, point) = Shortest(number);
        var sign = isNegative ? "-" : "";
        if (point is > 16 or < -3)
        {
            var exponent = point - 1;
            var fraction = digits.Length > 1 ? "." + digits[1..] : "";
            return string.Create(CultureInfo.InvariantCulture, $"{sign}{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
        }

        if (point <= 0) return $"{sign}0.{new string('0', -point)}{digits}";
        return point >= digits.Length ? $"{sign}{digits}{new string('0', point - digits.Length)}.0" : $"{sign}{digits[..point]}.{digits[point..]}";
    }

    /// <summary>A finite number with so many decimals: its exact value rounded, halves to even.</summary>
    public static string Fixed(double number, int decimals)
    {
        var scaled = Scaled(number, decimals, out var isNegative);
        var digits = scaled.ToString(CultureInfo.InvariantCulture);
        if (digits.Length <= decimals) digits = digits.PadLeft(decimals + 1, '0');
        var sign = isNegative ? "-" : "";
        return decimals == 0 ? sign + digits : $"{sign}{digits[..^decimals]}.{digits[^decimals..]}";
    }

    /// <summary>A number rounded to so many decimals, which may be negative, halves to even.</summary>
    public static double Rounded(double number, int decimals)
    {
        if (!double.IsFinite(number) || decimals > 340) return number;
        if (decimals < -340) return Math.CopySign(0, number);
        var scaled = Scaled(number, decimals, out var isNegative);
        var text = string.Create(CultureInfo.InvariantCulture, $"{(isNegative ? "-" : "")}{scaled}E{-decimals}");
        return double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
    }

    /// <summary>The exact value of a finite number times a power of ten, without its sign, rounded to a whole, halves to even.</summary>
    private static BigInteger Scaled(double number, int decimals, out bool isNegative)
    {
        var bits = BitConverter.DoubleToInt64Bits(number);
        isNegative = bits < 0;
        var exponent = (int)((bits >> 52) & 0x7FF);
        var mantissa = new BigInteger(exponent == 0 ? bits & 0xFFFFFFFFFFFFF : (bits & 0xFFFFFFFFFFFFF) | (1L << 52));
        exponent = Math.Max(exponent, 1) - 1075;
        var (numerator, denominator) = (mantissa, BigInteger.One);
        if (exponent >= 0) numerator <<= exponent;
        else denominator <<= -exponent;
        if (decimals >= 0) numerator *= BigInteger.Pow(10, decimals);
        else denominator *= BigInteger.Pow(10, -decimals);
        var whole = BigInteger.DivRem(numerator, denominator, out var rest);
        var half = (rest * 2).CompareTo(denominator);
        return half > 0 || (half == 0 && !whole.IsEven) ? whole + 1 : whole;
    }

    /// <summary>The digits of the shortest text of a number, without zeros at the ends, and how many lie before the point.</summary>
    private static (bool IsNegative, string Digits, int Point) Shortest(double number)
    {
        var text = Math.Abs(number).ToString("R", CultureInfo.InvariantCulture);
        var mark = text.IndexOf('E', StringComparison.Ordinal);
        var exponent = mark < 0 ? 0 : int.Parse(text.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var mantissa = (mark < 0 ? text : text[..mark]).Split('.');
        var all = mantissa[0] + (mantissa.Length > 1 ? mantissa[1] : "");
        var digits = all.TrimStart('0');
        var point = mantissa[0].Length - (all.Length - digits.Length) + exponent;
        digits = digits.TrimEnd('0');
        if (digits.Length == 0) return (double.IsNegative(number), "0", 1);
        return (double.IsNegative(number), digits, point);
    }
}
