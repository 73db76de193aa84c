using System.Globalization;

namespace Ml.Llm.Tokenization.Jinja;

/// <summary>A text's percent operator: <c>'%s is %d' % (name, age)</c>.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class PercentFormat
{
    public static TextValue Format(Renderer renderer, TextValue format, Value operand)
    {
        var builder = new MarkedTextBuilder(renderer.Budget);
        var values = operand is TupleValue tuple ? tuple.Items : [operand];
        var (text, next, plain) = (format.Text, 0, 0);
        var takesNames = false;
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] != '%') continue;
            builder.Append(format, plain, at - plain);
            var field = new Field(text, at + 1);
            Value? value = null;
            if (field.Name is not null)
            {
                if (operand is not MappingValue mapping) throw Fault.Type("format requires a mapping");
                value = mapping.Find(field.Name) ?? throw Fault.Value($"the mapping has no key '{field.Name}'");
                takesNames = true;
            }

            var width = field.TakesWidth ? Parameters.Whole(Next(), 0) : field.Width;
            var precision = field.TakesPrecision ? Parameters.Whole(Next(), 0) : field.Precision;
            if (field.Type == '%') builder.Append('%');
            else Append(renderer, builder, field, width, precision, value ?? Next());
            at = field.End;
            plain = at + 1;
        }

        builder.Append(format, plain, text.Length - plain);
        if (!takesNames && next < values.Length && operand is not (MappingValue or ListValue or UndefinedValue)) throw Fault.Type("not all arguments converted during string formatting");
        return builder.ToText();

        Value Next() => next < values.Length ? values[next++] : throw Fault.Type("not enough arguments for format string");
    }

    private static void Append(Renderer renderer, MarkedTextBuilder builder, Field field, int width, int precision, Value value)
    {
        var isLeft = field.Flags.Contains('-') || width < 0;
        var specification = new FormatSpecification(' ', isLeft ? '<' : '>', '-', field.Flags.Contains('#'), Math.Abs(width), '\0', precision, 's');
        if (field.Type is 's' or 'r' or 'a')
        {
            specification.Append(renderer, builder, field.Type == 's' ? Representation.Text(renderer.Budget, value) : Representation.Repr(renderer.Budget, value));
            return;
        }

        if (field.Type == 'c' && value is TextValue character)
        {
            if (CodePoints.Count(character.Text) != 1) throw Fault.Type("%c requires int or char");
            specification.Append(renderer, builder, character);
            return;
        }

        if (value is UndefinedValue undefined) throw Fault.Undefined(undefined);
        if (!Comparison.IsNumber(value)) throw Fault.Type($"%{field.Type} format: a real number is required, not {value.TypeName}");
        var isWhole = field.Type is 'd' or 'i' or 'u' or 'x' or 'X' or 'o' or 'c';
        if (isWhole && value is FloatValue number)
        {
            if (field.Type is not ('d' or 'i' or 'u')) throw Fault.Type($"%{field.Type} format: an integer is required, not float");
            if (!double.IsFinite(number.Number)) throw Fault.Value("cannot convert float infinity or NaN to integer");
            value = Arithmetic.Bounded(renderer.Budget, new System.Numerics.BigInteger(number.Number));
        }

        var sign = field.Flags.Contains('+') ? '+' : field.Flags.Contains(' ') ? ' ' : '-';
        var type = field.Type is 'i' or 'u' ? 'd' : field.Type;
        var zeros = field.Flags.Contains('0') && !isLeft;
        if (isWhole && precision >= 0 && type != 'c')
        {
            // A whole number's precision is the least count of its digits.
            var (minus, digits) = (specification with { Sign = sign, Type = type, Precision = -1 }).Digits(renderer, value);
            builder.Fill(' ', isLeft ? 0 : Math.Abs(width) - minus.Length - Math.Max(digits.Length, precision));
            builder.Append(minus);
            builder.Fill('0', (long)precision - digits.Length);
            builder.Append(digits);
            builder.Fill(' ', isLeft ? Math.Abs(width) - minus.Length - Math.Max(digits.Length, precision) : 0);
            return;
        }

        specification = specification with { Sign = sign, Type = type, Fill = zeros ? '0' : ' ', Align = zeros ? '=' : specification.Align };
        specification.Append(renderer, builder, value);
    }

    /// <summary>What stands behind a percent sign.</summary>
    private readonly struct Field
    {
        public Field(string text, int at)
        {
            var start = at;
            if (at < text.Length && text[at] == '(')
            {
                var close = text.IndexOf(')', at);
                if (close < 0) throw Fault.Value("incomplete format key");
                Name = text[(at + 1)..close];
                at = close + 1;
            }

            var flags = at;
            while (at < text.Length && text[at] is '-' or '+' or ' ' or '0' or '#') at++;
            Flags = text[flags..at];
            TakesWidth = at < text.Length && text[at] == '*';
            Width = TakesWidth ? 0 : Number(text, ref at);
            if (TakesWidth) at++;
            Precision = -1;
            if (at < text.Length && text[at] == '.')
            {
                at++;
                TakesPrecision = at < text.Length && text[at] == '*';
                Precision = TakesPrecision ? 0 : Number(text, ref at);
                if (TakesPrecision) at++;
            }

            while (at < text.Length && text[at] is 'h' or 'l' or 'L') at++;
            if (at >= text.Length) throw Fault.Value("incomplete format");
            if (!"diouxXeEfFgGcrsa%".Contains(text[at], StringComparison.Ordinal))
                throw Fault.Value(string.Create(CultureInfo.InvariantCulture, $"unsupported format character '{text[at]}' at index {at - start + 1}"));
            (Type, End) = (text[at], at);
        }

        public string? Name { get; }

        public string Flags { get; }

        public int Width { get; }

        public bool TakesWidth { get; }

        public int Precision { get; }

        public bool TakesPrecision { get; }

        public char Type { get; }

        public int End { get; }

        private static int Number(string text, ref int at)
        {
            var number = 0L;
            for (; at < text.Length && char.IsAsciiDigit(text[at]); at++) number = Math.Min(int.MaxValue / 2, (number * 10) + text[at] - '0');
            return (int)number;
        }
    }
}
