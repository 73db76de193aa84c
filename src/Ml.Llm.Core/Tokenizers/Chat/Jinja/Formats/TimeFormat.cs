using System.Globalization;

namespace Ml.Llm.Tokenization.Jinja;

/// <summary>An instant as text: strftime with the directives of Python on Linux, English names, and GNU's flags <c>-</c>, <c>_</c>, <c>0</c>, <c>^</c>.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class TimeFormat
{
    public static string Format(Budget budget, DateTime time, string format)
    {
        var builder = new MarkedTextBuilder(budget);
        for (var at = 0; at < format.Length; at++)
        {
            if (format[at] != '%' || at + 1 == format.Length)
            {
                builder.Append(format[at]);
                continue;
            }

            var start = at++;
            var flag = format[at] is '-' or '_' or '0' or '^' && at + 1 < format.Length ? format[at++] : '\0';
            // An unknown directive stays as it is written.
            builder.Append(Directive(budget, time, format[at], flag) ?? format[start..(at + 1)]);
        }

        return builder.ToText().Text;
    }

    private static string? Directive(Budget budget, DateTime time, char directive, char flag)
    {
        var names = CultureInfo.InvariantCulture.DateTimeFormat;
        var hour = time.Hour % 12 == 0 ? 12 : time.Hour % 12;
        return directive switch
        {
            'Y' => Number(time.Year, flag, 1),
            'C' => Number(time.Year / 100, flag, 2),
            'y' => Number(time.Year % 100, flag, 2),
            'G' => Number(ISOWeek.GetYear(time), flag, 1),
            'g' => Number(ISOWeek.GetYear(time) % 100, flag, 2),
            'm' => Number(time.Month, flag, 2),
            'd' => Number(time.Day, flag, 2),
            'e' => Number(time.Day, flag, 2, ' '),
            'H' => Number(time.Hour, flag, 2),
            'k' => Number(time.Hour, flag, 2, ' '),
            'I' => Number(hour, flag, 2),
            'l' => Number(hour, flag, 2, ' '),
            'M' => Number(time.Minute, flag, 2),
            'S' => Number(time.Second, flag, 2),
            'f' => Number((int)(time.Ticks % TimeSpan.TicksPerSecond / 10), '\0', 6),
            'j' => Number(time.DayOfYear, flag, 3),
            'U' => Number((time.DayOfYear + 6 - (int)time.DayOfWeek) / 7, flag, 2),
            'W' => Number((time.DayOfYear + 6 - (((int)time.DayOfWeek + 6) % 7)) / 7, flag, 2),
            'V' => Number(ISOWeek.GetWeekOfYear(time), flag, 2),
            'u' => Number(time.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)time.DayOfWeek, flag, 1),
            'w' => Number((int)time.DayOfWeek, flag, 1),
            's' => ((long)(time.ToUniversalTime() - DateTime.UnixEpoch).TotalSeconds).ToString(CultureInfo.InvariantCulture),
            'A' => Name(names.GetDayName(time.DayOfWeek), flag),
            'a' => Name(names.GetAbbreviatedDayName(time.DayOfWeek), flag),
            'B' => Name(names.GetMonthName(time.Month), flag),
            'b' or 'h' => Name(names.GetAbbreviatedMonthName(time.Month), flag),
            'p' => time.Hour < 12 ? "AM" : "PM",
            'P' => time.Hour < 12 ? "am" : "pm",
            'D' or 'x' => Format(budget, time, "%m/%d/%y"),
            'F' => Format(budget, time, "%Y-%m-%d"),
            'T' or 'X' => Format(budget, time, "%H:%M:%S"),
            'R' => Format(budget, time, "%H:%M"),
            'r' => Format(budget, time, "%I:%M:%S %p"),
            'c' => Format(budget, time, "%a %b %e %H:%M:%S %Y"),
            'n' => "\n",
            't' => "\t",
            '%' => "%",
            // The peer's instant is local time that does not know its zone.
            'z' or 'Z' => "",
            _ => null,
        };
    }

    private static string Number(int number, char flag, int width, char fill = '0')
    {
        var digits = number.ToString(CultureInfo.InvariantCulture);
        return flag switch
        {
            '-' => digits,
            '_' => digits.PadLeft(width, ' '),
            '0' => digits.PadLeft(width, '0'),
            _ => digits.PadLeft(width, fill),
        };
    }

    private static string Name(string name, char flag) => flag == '^' ? name.ToUpperInvariant() : name;
}
