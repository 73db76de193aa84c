using System.Numerics;

namespace Ml.Llm.Tokenization.Jinja;

/// <summary>A list or tuple.</summary>
internal abstract class SequenceValue(Value[] items, Budget budget) : Value
{
    private readonly Extent _extent = Extent.Of(items, budget);

    public Value[] Items => items;

    public override Extent Extent => _extent;
}

/// <summary>A list.</summary>
internal sealed class ListValue(Value[] items, Budget budget) : SequenceValue(items, budget)
{
    public override string TypeName => "list";
}

/// <summary>A tuple; one of two from groupby has names for its parts.</summary>
internal sealed class TupleValue(Value[] items, Budget budget, bool isGroup = false) : SequenceValue(items, budget)
{
    public bool IsGroup => isGroup;

    public override string TypeName => "tuple";
}

/// <summary>Whole numbers at equal distances.</summary>
internal sealed class RangeValue(BigInteger start, BigInteger stop, BigInteger step, int count) : Value
{
    public BigInteger Start => start;

    public BigInteger Stop => stop;

    public BigInteger Step => step;

    public int Count => count;

    public override string TypeName => "range";

    public Value At(int index) => new IntegerValue(start + (step * index));
}

/// <summary>The keys, values or pairs of a mapping.</summary>
internal sealed class ViewValue(string typeName, Value[] items, Budget budget) : SequenceValue(items, budget)
{
    public override string TypeName => typeName;
}

/// <summary>Values that are given out once: what map, select and their kin make.</summary>
internal sealed class IteratorValue(string typeName, Value[] items, Budget budget) : Value
{
    private readonly Extent _extent = Extent.Of(items, budget);
    private bool _used;

    public override string TypeName => typeName;

    public override Extent Extent => _extent;

    /// <summary>The values, the first time; then none.</summary>
    public Value[] Take()
    {
        if (_used) return [];
        _used = true;
        return items;
    }
}

/// <summary>Keys and values in the order in which the keys came.</summary>
internal sealed class MappingValue : Value
{
    private readonly Dictionary<Value, int> _places;
    private readonly List<KeyValuePair<Value, Value>> _pairs;
    private readonly Extent _extent;

    public MappingValue(IEnumerable<KeyValuePair<Value, Value>> pairs, Budget budget)
    {
        _places = new Dictionary<Value, int>(ValueKeys.Instance);
        _pairs = [];
        foreach (var (key, value) in pairs)
        {
            ValueKeys.RequireHashable(key);
            // An equal key keeps its first spelling and place, and takes the later value.
            if (_places.TryGetValue(key, out var place))
            {
                _pairs[place] = new(_pairs[place].Key, value);
            }
            else
            {
                _places.Add(key, _pairs.Count);
                _pairs.Add(new(key, value));
            }

            _extent = _extent.With(key).With(value);
        }

        _extent = _extent.Around(budget);
        budget.Step(_pairs.Count);
    }

    public IReadOnlyList<KeyValuePair<Value, Value>> Pairs => _pairs;

    public override string TypeName => "dict";

    public override Extent Extent => _extent;

    public Value? Find(Value key) => _places.TryGetValue(key, out var place) ? _pairs[place].Value : null;

    public Value? Find(string key) => _pairs.Count == 0 ? null : Find(TextValue.Of(key));

    public Value[] Keys() => [.. _pairs.Select(static pair => pair.Key)];

    public Value[] Values() => [.. _pairs.Select(static pair => pair.Value)];
}

/// <summary>Equality of keys as Python has it: 1, 1.0 and true are one key.</summary>
internal sealed class ValueKeys : IEqualityComparer<Value>
{
    public static readonly ValueKeys Instance = new();

    public static void RequireHashable(Value key)
    {
        if (key is ListValue or MappingValue or ViewValue) throw Fault.Type($"unhashable type: '{key.TypeName}'");
        if (key is not TupleValue tuple) return;
        foreach (var item in tuple.Items) RequireHashable(item);
    }

    public bool Equals(Value? x, Value? y) => Comparison.AreEqual(x!, y!);

    public int GetHashCode(Value key)
    {
        switch (key)
        {
            case TextValue text: return text.Text.GetHashCode(StringComparison.Ordinal);
            case BooleanValue truth: return new BigInteger(truth.IsTrue ? 1 : 0).GetHashCode();
            case IntegerValue integer: return integer.Number.GetHashCode();
            case FloatValue { Number: var number } when double.IsFinite(number) && Math.Floor(number) == number: return new BigInteger(number).GetHashCode();
            case FloatValue { Number: var number }: return number.GetHashCode();
            case UndefinedValue: return 1;
            case BytesValue bytes: return bytes.Bytes.Length;
            case TupleValue tuple:
                var hash = new HashCode();
                foreach (var item in tuple.Items) hash.Add(GetHashCode(item));
                return hash.ToHashCode();
            default: return System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(key);
        }
    }
}
