using System.Numerics;

namespace Ml.Llm.Tokenization.Jinja;

/// <summary>Equality and order of values as Python has them.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class Comparison
{
    /// <summary>Whether two values are equal; values of different kinds are not, but numbers are by what they are worth.</summary>
    public static bool AreEqual(Value left, Value right)
    {
        if (ReferenceEquals(left, right)) return left is not FloatValue { Number: double.NaN };
        switch (left, right)
        {
            case (TextValue a, TextValue b): return a.Text == b.Text;
            case (UndefinedValue, UndefinedValue): return true;
            case (ListValue a, ListValue b): return AreEqual(a.Items, b.Items);
            case (TupleValue a, TupleValue b): return AreEqual(a.Items, b.Items);
            case (MappingValue a, MappingValue b): return AreEqual(a, b);
            case (RangeValue a, RangeValue b): return a.Count == b.Count && (a.Count == 0 || (a.Start == b.Start && (a.Count == 1 || a.Step == b.Step)));
            case (BytesValue a, BytesValue b): return a.Bytes.AsSpan().SequenceEqual(b.Bytes);
            default: return Compare(left, right) == 0;
        }
    }

    /// <summary>Whether one value comes before another; an error where their kinds have no order.</summary>
    public static bool IsLess(Value left, Value right, string sign = "<")
    {
        switch (left, right)
        {
            case (UndefinedValue undefined, _): throw Fault.Undefined(undefined);
            case (_, UndefinedValue undefined): throw Fault.Undefined(undefined);
            case (TextValue a, TextValue b): return CompareTexts(a.Text, b.Text) < 0;
            case (ListValue a, ListValue b): return IsLess(a.Items, b.Items, sign);
            case (TupleValue a, TupleValue b): return IsLess(a.Items, b.Items, sign);
            default:
                if (IsNumber(left) && IsNumber(right)) return Compare(left, right) is < 0;
                throw Fault.Type($"'{sign}' not supported between instances of '{left.TypeName}' and '{right.TypeName}'");
        }
    }

    /// <summary>Texts in the order of their code points, which is not that of their UTF-16 units.</summary>
    public static int CompareTexts(string left, string right)
    {
        var common = left.AsSpan().CommonPrefixLength(right);
        if (common == left.Length || common == right.Length) return left.Length - right.Length;
        var (a, b) = (left[common], right[common]);
        if (char.IsSurrogate(a) != char.IsSurrogate(b)) return char.IsSurrogate(a) ? 1 : -1;
        return a - b;
    }

    /// <summary>Whether a value counts as a number, which true and false do.</summary>
    public static bool IsNumber(Value value) => value is BooleanValue or IntegerValue or FloatValue;

    /// <summary>Sorts, keeping equal values in their order.</summary>
    public static Value[] Sort(Budget budget, IReadOnlyList<Value> items, Func<Value, Value> key, bool reverse)
    {
        var keyed = new (Value Key, int Place)[items.Count];
        for (var i = 0; i < keyed.Length; i++) keyed[i] = (key(items[i]), i);
        var order = Comparer<(Value Key, int Place)>.Create((a, b) =>
        {
            budget.Step();
            if (IsLess(a.Key, b.Key)) return reverse ? 1 : -1;
            if (IsLess(b.Key, a.Key)) return reverse ? -1 : 1;
            return a.Place - b.Place;
        });
        MergeSort(keyed, order);
        return [.. keyed.Select(pair => items[pair.Place])];
    }

    // Array.Sort wraps what a comparer throws, and may call it on an element and itself.
    private static void MergeSort((Value Key, int Place)[] items, Comparer<(Value Key, int Place)> order)
    {
        var (from, to) = (items, new (Value Key, int Place)[items.Length]);
        for (var width = 1; width < items.Length; width *= 2)
        {
            for (var start = 0; start < items.Length; start += 2 * width)
            {
                var (middle, end) = (Math.Min(start + width, items.Length), Math.Min(start + (2 * width), items.Length));
                var (left, right) = (start, middle);
                for (var place = start; place < end; place++)
                    to[place] = left < middle && (right >= end || order.Compare(from[left], from[right]) <= 0) ? from[left++] : from[right++];
            }

            (from, to) = (to, from);
        }

        if (!ReferenceEquals(from, items)) from.CopyTo(items, 0);
    }

    private static bool AreEqual(Value[] left, Value[] right)
    {
        if (left.Length != right.Length) return false;
        for (var i = 0; i < left.Length; i++)
            if (!AreEqual(left[i], right[i]))
                return false;
        return true;
    }

    private static bool AreEqual(MappingValue left, MappingValue right)
    {
        if (left.Pairs.Count != right.Pairs.Count) return false;
        foreach (var (key, value) in left.Pairs)
            if (right.Find(key) is not { } other || !AreEqual(value, other))
                return false;
        return true;
    }

    private static bool IsLess(Value[] left, Value[] right, string sign)
    {
        for (var i = 0; i < left.Length && i < right.Length; i++)
            if (!AreEqual(left[i], right[i]))
                return IsLess(left[i], right[i], sign);
        return left.Length < right.Length;
    }

    /// <summary>The order of two numbers; null where they have none, or where one is no number.</summary>
    private static int? Compare(Value left, Value right)
    {
        if (!IsNumber(left) || !IsNumber(right)) return null;
        if (left is FloatValue { Number: var a } && right is FloatValue { Number: var b }) return double.IsNaN(a) || double.IsNaN(b) ? null : a.CompareTo(b);
        if (left is FloatValue { Number: var x }) return -Compare(Whole(right), x);
        if (right is FloatValue { Number: var y }) return Compare(Whole(left), y);
        return Whole(left).CompareTo(Whole(right));
    }

    private static int? Compare(BigInteger whole, double number)
    {
        if (double.IsNaN(number)) return null;
        if (double.IsInfinity(number)) return number > 0 ? -1 : 1;
        var floor = Math.Floor(number);
        var order = whole.CompareTo(new BigInteger(floor));
        return order == 0 && number > floor ? -1 : order;
    }

    private static BigInteger Whole(Value value) => value is BooleanValue truth ? (truth.IsTrue ? 1 : 0) : ((IntegerValue)value).Number;
}
