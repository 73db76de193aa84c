using System.Numerics;

namespace Ml.Llm.Tokenization.Jinja;

/// <summary>Arithmetic as Python has it: whole numbers of any size, floor division, and what plus, times and percent do to texts and lists.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class Arithmetic
{
    private static readonly string[] s_signs = ["+", "-", "*", "/", "//", "%", "** or pow()"];

    /// <summary>A whole number, which true and false are too; null for another value.</summary>
    public static BigInteger? Whole(Value value) => value switch
    {
        IntegerValue integer => integer.Number,
        BooleanValue truth => truth.IsTrue ? BigInteger.One : BigInteger.Zero,
        _ => null,
    };

    /// <summary>A number as a double; null for a value that is none.</summary>
    public static double? Number(Value value) => value is FloatValue number ? number.Number : Whole(value) is { } whole ? (double)whole : null;

    /// <summary>A whole number within the limit on its size.</summary>
    public static IntegerValue Bounded(Budget budget, BigInteger number) => number.GetBitLength() <= budget.Limits.MaxIntegerBits
        ? new IntegerValue(number)
        : throw Fault.Limit($"a whole number has more than {budget.Limits.MaxIntegerBits} bits (MaxIntegerBits)");

    /// <summary>A sign before a value.</summary>
    public static Value Signed(bool isMinus, Value operand) => operand switch
    {
        UndefinedValue undefined => throw Fault.Undefined(undefined),
        FloatValue number => isMinus ? new FloatValue(-number.Number) : number,
        _ when Whole(operand) is { } whole => new IntegerValue(isMinus ? -whole : whole),
        _ => throw Fault.Type($"bad operand type for unary {(isMinus ? '-' : '+')}: '{operand.TypeName}'"),
    };

    /// <summary>The value of an operation.</summary>
    public static Value Compute(Renderer renderer, Operator sign, Value left, Value right)
    {
        // A text's percent looks at its operand before an operand that is not defined complains.
        if (sign == Operator.Modulo && left is TextValue format) return PercentFormat.Format(renderer, format, right);
        if (left is UndefinedValue a) throw Fault.Undefined(a);
        if (right is UndefinedValue b) throw Fault.Undefined(b);
        if (sign == Operator.Add && Joined(renderer, left, right) is { } joined) return joined;
        if (sign == Operator.Multiply && (Repeated(renderer, left, right) ?? Repeated(renderer, right, left)) is { } repeated) return repeated;
        if (Whole(left) is { } x && Whole(right) is { } y) return OfWhole(renderer.Budget, sign, x, y);
        if (Number(left) is { } p && Number(right) is { } q) return OfFloats(sign, Finite(p, left), Finite(q, right));
        throw Unsupported(sign, left, right);
    }

    private static TemplateFaultException Unsupported(Operator sign, Value left, Value right) => sign switch
    {
        Operator.Add when left is TextValue => Fault.Type($"can only concatenate str (not \"{right.TypeName}\") to str"),
        Operator.Add when left is ListValue or TupleValue => Fault.Type($"can only concatenate {left.TypeName} (not \"{right.TypeName}\") to {left.TypeName}"),
        Operator.Multiply when left is TextValue or ListValue or TupleValue => Fault.Type($"can't multiply sequence by non-int of type '{right.TypeName}'"),
        _ => Fault.Type($"unsupported operand type(s) for {s_signs[(int)sign]}: '{left.TypeName}' and '{right.TypeName}'"),
    };

    private static double Finite(double number, Value value) =>
        double.IsInfinity(number) && value is IntegerValue ? throw Fault.Value("int too large to convert to float") : number;

    private static Value? Joined(Renderer renderer, Value left, Value right)
    {
        switch (left, right)
        {
            case (TextValue a, TextValue b):
                var builder = new MarkedTextBuilder(renderer.Budget);
                builder.Append(a);
                builder.Append(b);
                return builder.ToText();
            case (ListValue a, ListValue b): return renderer.List([.. a.Items, .. b.Items]);
            case (TupleValue a, TupleValue b): return renderer.Tuple([.. a.Items, .. b.Items]);
            default: return null;
        }
    }

    private static Value? Repeated(Renderer renderer, Value sequence, Value times)
    {
        if (sequence is not (TextValue or ListValue or TupleValue) || Whole(times) is not { } whole) return null;
        var count = (long)BigInteger.Max(0, BigInteger.Min(int.MaxValue, whole));
        if (sequence is TextValue text)
        {
            if (text.Text.Length == 0) return text;
            if (count * text.Text.Length > renderer.Budget.Limits.MaxTextLength) renderer.Budget.Write(count * text.Text.Length);
            var builder = new MarkedTextBuilder(renderer.Budget);
            for (var i = 0L; i < count; i++) builder.Append(text);
            return builder.ToText();
        }

        var items = ((SequenceValue)sequence).Items;
        renderer.Budget.Step(count * items.Length);
        var repeated = new Value[count * items.Length];
        for (var i = 0; i < repeated.Length; i++) repeated[i] = items[i % items.Length];
        return sequence is ListValue ? renderer.List(repeated) : renderer.Tuple(repeated);
    }

    private static Value OfWhole(Budget budget, Operator sign, BigInteger left, BigInteger right)
    {
        switch (sign)
        {
            case Operator.Add: return Bounded(budget, left + right);
            case Operator.Subtract: return Bounded(budget, left - right);
            case Operator.Multiply: return Bounded(budget, left * right);
            case Operator.Power when right.Sign < 0:
                if (left.IsZero) throw Fault.DivisionByZero();
                return new FloatValue(Math.Pow((double)left, (double)right));
            case Operator.Power:
                // The result has about so many bits; it is not worked out where that is too many.
                if (BigInteger.Abs(left) > 1 && right * (left.GetBitLength() - 1) > budget.Limits.MaxIntegerBits)
                    throw Fault.Limit($"a whole number has more than {budget.Limits.MaxIntegerBits} bits (MaxIntegerBits)");
                if (BigInteger.Abs(left) > 1) return Bounded(budget, BigInteger.Pow(left, (int)right));
                return new IntegerValue(right.IsZero || left.IsOne || (!left.IsZero && right.IsEven) ? 1 : left);
        }

        if (right.IsZero) throw Fault.DivisionByZero();
        if (sign == Operator.Divide) return new FloatValue((double)left / (double)right);
        var quotient = BigInteger.DivRem(left, right, out var remainder);
        if (!remainder.IsZero && remainder.Sign != right.Sign) (quotient, remainder) = (quotient - 1, remainder + right);
        return new IntegerValue(sign == Operator.FloorDivide ? quotient : remainder);
    }

    private static FloatValue OfFloats(Operator sign, double left, double right)
    {
        switch (sign)
        {
            case Operator.Add: return new FloatValue(left + right);
            case Operator.Subtract: return new FloatValue(left - right);
            case Operator.Multiply: return new FloatValue(left * right);
            case Operator.Power:
                if (left == 0 && right < 0) throw Fault.DivisionByZero();
                var power = Math.Pow(left, right);
                if (double.IsNaN(power) && left < 0) throw Fault.Type("a power of a negative number that is complex is not known here");
                return double.IsInfinity(power) && double.IsFinite(left) && double.IsFinite(right) ? throw Fault.Value("the result of the power is too large") : new FloatValue(power);
        }

        if (right == 0) throw Fault.DivisionByZero();
        if (sign == Operator.Divide) return new FloatValue(left / right);
        var remainder = left % right;
        if (remainder != 0 && (remainder < 0) != (right < 0)) remainder += right;
        else if (remainder == 0) remainder = Math.CopySign(0, right);
        if (sign == Operator.Modulo) return new FloatValue(remainder);
        var quotient = (left - remainder) / right;
        var floor = Math.Floor(quotient);
        return new FloatValue(quotient - floor > 0.5 ? floor + 1 : floor);
    }
}
