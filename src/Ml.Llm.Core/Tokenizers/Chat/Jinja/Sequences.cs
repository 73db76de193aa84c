using System.Text;

namespace Ml.Llm.Tokenization.Jinja;

/// <summary>What iterating, len and in do with each kind of value.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class Sequences
{
    /// <summary>The items that iterating gives; a text's characters, a mapping's keys, nothing of what is not defined.</summary>
    /// <param name="renderer">Who asks.</param>
    /// <param name="value">The value.</param>
    /// <param name="complaint">What to say where it has none.</param>
    public static IReadOnlyList<Value> Items(Renderer renderer, Value value, string? complaint = null)
    {
        switch (value)
        {
            case SequenceValue sequence: return sequence.Items;
            case MappingValue mapping: return Counted(mapping.Keys());
            case IteratorValue iterator: return iterator.Take();
            case UndefinedValue: return [];
            case RangeValue range:
                renderer.Budget.Step(range.Count);
                return [.. Enumerable.Range(0, range.Count).Select(range.At)];
            case TextValue text:
                renderer.Budget.Step((long)text.Text.Length * (1 + ((text.Content.Length + text.Generated.Length) / 8)));
                return Characters(text);
            case BytesValue bytes: return Counted([.. bytes.Bytes.Select(static item => new IntegerValue(item))]);
            default: throw Fault.Type(complaint ?? $"'{value.TypeName}' object is not iterable");
        }

        Value[] Counted(Value[] items)
        {
            renderer.Budget.Step(items.Length);
            return items;
        }
    }

    /// <summary>Whether a value can be iterated.</summary>
    public static bool IsIterable(Value value) =>
        value is SequenceValue or MappingValue or IteratorValue or UndefinedValue or RangeValue or TextValue or BytesValue;

    /// <summary>What len says, or null where a value has none.</summary>
    public static int? Length(Renderer renderer, Value value)
    {
        switch (value)
        {
            case SequenceValue sequence: return sequence.Items.Length;
            case MappingValue mapping: return mapping.Pairs.Count;
            case UndefinedValue: return 0;
            case RangeValue range: return range.Count;
            case BytesValue bytes: return bytes.Bytes.Length;
            case TextValue text:
                renderer.Budget.Read(text.Text.Length);
                return CodePoints.Count(text.Text);
            default: return null;
        }
    }

    /// <summary>Whether a container holds a value.</summary>
    public static bool Contains(Renderer renderer, Value container, Value item)
    {
        renderer.Budget.Step(container.Extent.Weight);
        switch (container)
        {
            case TextValue text:
                if (item is UndefinedValue or not TextValue) throw Fault.Type($"'in <string>' requires string as left operand, not {item.TypeName}");
                return text.Text.Contains(((TextValue)item).Text, StringComparison.Ordinal);
            case MappingValue mapping:
                ValueKeys.RequireHashable(item);
                return mapping.Find(item) is not null;
            default:
                foreach (var candidate in Items(renderer, container, $"argument of type '{container.TypeName}' is not iterable"))
                {
                    renderer.Budget.Step(Math.Min(candidate.Extent.Weight, item.Extent.Weight));
                    if (Comparison.AreEqual(candidate, item)) return true;
                }

                return false;
        }
    }

    private static Value[] Characters(TextValue text)
    {
        var characters = new List<Value>(text.Text.Length);
        for (var at = 0; at < text.Text.Length;)
        {
            var length = CodePoints.LengthAt(text.Text, at);
            characters.Add(text.Part(at, length));
            at += length;
        }

        return [.. characters];
    }
}

/// <summary>Texts by code points, as Python counts them; a lone surrogate counts as one.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class CodePoints
{
    public static bool AreUnits(string text) => text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0;

    public static int LengthAt(string text, int at) => at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]) ? 2 : 1;

    public static int Count(string text) => AreUnits(text) ? text.Length : Count(text, text.Length);

    /// <summary>How many code points lie before a unit.</summary>
    public static int Count(string text, int end)
    {
        var count = 0;
        for (var at = 0; at < end; at += LengthAt(text, at)) count++;
        return count;
    }

    /// <summary>The unit at which a code point begins; the text's length where it has no so many.</summary>
    public static int UnitAt(string text, int codePoint)
    {
        if (AreUnits(text)) return Math.Min(codePoint, text.Length);
        var at = 0;
        for (; codePoint > 0 && at < text.Length; codePoint--) at += LengthAt(text, at);
        return at;
    }

    /// <summary>The character at a unit; U+FFFD for a lone surrogate.</summary>
    public static Rune RuneAt(ReadOnlySpan<char> text, int at)
    {
        Rune.DecodeFromUtf16(text[at..], out var rune, out _);
        return rune;
    }
}
