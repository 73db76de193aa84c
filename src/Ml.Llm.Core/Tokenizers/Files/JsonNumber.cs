using System.Globalization;
using System.Text;

namespace Ml.Llm.Tokenization;

/// <summary>Numbers with a fraction as the Rust side of Hugging Face writes them: the fewest digits that read back the same.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class JsonNumber
{
    /// <summary>A finite number of 64 bits: from 1e-5 to below 1e16 as a decimal fraction, else with an exponent.</summary>
    public static string TextOf(double value) => LayOut(value.ToString("R", CultureInfo.InvariantCulture), -5, 16);

    /// <summary>A finite number of 32 bits: from 1e-6 to below 1e13 as a decimal fraction, else with an exponent.</summary>
    public static string TextOf(float value) => LayOut(value.ToString("R", CultureInfo.InvariantCulture), -6, 13);

    private static string LayOut(string shortest, int least, int most)
    {
        var negative = shortest[0] == '-';
        var (digits, point) = Parts(shortest.AsSpan(negative ? 1 : 0));
        var text = new StringBuilder();
        if (negative) text.Append('-');
        if (digits.Length == 0) return text.Append("0.0").ToString();

        // The number is 0.DIGITS times ten to the power of POINT.
        if (point >= digits.Length && point <= most) text.Append(digits).Append('0', point - digits.Length).Append(".0");
        else if (point > 0 && point <= most) text.Append(digits, 0, point).Append('.').Append(digits, point, digits.Length - point);
        else if (point > least && point <= 0) text.Append("0.").Append('0', -point).Append(digits);
        else
        {
            text.Append(digits[0]);
            if (digits.Length > 1) text.Append('.').Append(digits, 1, digits.Length - 1);
            text.Append('e').Append((point - 1).ToString(CultureInfo.InvariantCulture));
        }

        return text.ToString();
    }

    /// <summary>The digits of a number without zeros around them, and where the point stands.</summary>
    private static (string Digits, int Point) Parts(ReadOnlySpan<char> number)
    {
        var exponent = 0;
        if (number.IndexOf('E') is var mark and >= 0)
        {
            exponent = int.Parse(number[(mark + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            number = number[..mark];
        }

        var dot = number.IndexOf('.');
        var whole = dot < 0 ? number : number[..dot];
        var digits = string.Concat(whole, dot < 0 ? [] : number[(dot + 1)..]);
        var leading = digits.Length - digits.TrimStart('0').Length;
        return (digits.Trim('0'), whole.Length - leading + exponent);
    }
}
