using System.Text;

namespace Ml.Llm.Tokenization.Jinja;

/// <summary>Values as text: Python's str and repr.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class Representation
{
    /// <summary>A value as str gives it.</summary>
    public static TextValue Text(Budget budget, Value value)
    {
        if (value is TextValue text) return text;
        var builder = new MarkedTextBuilder(budget);
        AppendText(builder, value);
        return builder.ToText();
    }

    /// <summary>A value as repr gives it.</summary>
    public static TextValue Repr(Budget budget, Value value)
    {
        var builder = new MarkedTextBuilder(budget);
        AppendRepr(builder, value);
        return builder.ToText();
    }

    /// <summary>Appends a value as str gives it: a text as it is, what is not defined as nothing, all else as by repr.</summary>
    public static void AppendText(MarkedTextBuilder builder, Value value)
    {
        if (value is TextValue text) builder.Append(text);
        else if (value is not UndefinedValue) AppendRepr(builder, value);
    }

    /// <summary>Appends a value as repr gives it.</summary>
    public static void AppendRepr(MarkedTextBuilder builder, Value value)
    {
        switch (value)
        {
            case TextValue text: AppendQuoted(builder, text); break;
            case NoneValue: builder.Append("None"); break;
            case BooleanValue truth: builder.Append(truth.IsTrue ? "True" : "False"); break;
            case IntegerValue integer: builder.Append(NumberText.Of(integer.Number)); break;
            case FloatValue number: builder.Append(NumberText.Of(number.Number)); break;
            case UndefinedValue: builder.Append("Undefined"); break;
            case BytesValue bytes: AppendBytes(builder, bytes.Bytes); break;
            case ListValue list: AppendItems(builder, "[", list.Items, "]"); break;
            case TupleValue tuple: AppendItems(builder, "(", tuple.Items, tuple.Items.Length == 1 ? ",)" : ")"); break;
            case ViewValue view: AppendItems(builder, view.TypeName + "([", view.Items, "])"); break;
            case MappingValue mapping: AppendPairs(builder, mapping); break;
            case RangeValue range:
                builder.Append($"range({NumberText.Of(range.Start)}, {NumberText.Of(range.Stop)}");
                if (!range.Step.IsOne) builder.Append($", {NumberText.Of(range.Step)}");
                builder.Append(')');
                break;
            case MacroValue macro: builder.Append($"<Macro '{macro.Definition.Name}'>"); break;
            case LoopValue loop: builder.Append(loop.ToString()); break;
            default: builder.Append($"<{value.TypeName}>"); break;
        }
    }

    private static void AppendItems(MarkedTextBuilder builder, string begin, Value[] items, string end)
    {
        builder.Append(begin);
        for (var i = 0; i < items.Length; i++)
        {
            if (i > 0) builder.Append(", ");
            AppendRepr(builder, items[i]);
        }

        builder.Append(end);
    }

    private static void AppendPairs(MarkedTextBuilder builder, MappingValue mapping)
    {
        builder.Append('{');
        for (var i = 0; i < mapping.Pairs.Count; i++)
        {
            if (i > 0) builder.Append(", ");
            AppendRepr(builder, mapping.Pairs[i].Key);
            builder.Append(": ");
            AppendRepr(builder, mapping.Pairs[i].Value);
        }

        builder.Append('}');
    }

    /// <summary>A text in single quotes, or in double ones where it holds single ones only, with escapes for what is not printable.</summary>
    private static void AppendQuoted(MarkedTextBuilder builder, TextValue value)
    {
        var text = value.Text;
        var quote = text.Contains('\'') && !text.Contains('"') ? '"' : '\'';
        builder.Append(quote);
        var plain = 0;
        for (var at = 0; at < text.Length;)
        {
            var length = CodePoints.LengthAt(text, at);
            if (Escape(text, at, length, quote) is { } escape)
            {
                if (at > plain) builder.Append(value, plain, at - plain);
                builder.Append(escape, value.HasContent);
                plain = at + length;
            }

            at += length;
        }

        if (plain < text.Length) builder.Append(value, plain, text.Length - plain);
        builder.Append(quote);
    }

    private static string? Escape(string text, int at, int length, char quote)
    {
        var unit = text[at];
        if (unit == quote || unit == '\\') return "\\" + unit;
        if (unit is >= ' ' and < '\x7f') return null;
        if (length == 1 && char.IsSurrogate(unit)) return $"\\u{(int)unit:x4}";
        var rune = CodePoints.RuneAt(text, at);
        if (TextClasses.IsPrintable(rune)) return null;
        return rune.Value switch
        {
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            <= 0xFF => $"\\x{rune.Value:x2}",
            <= 0xFFFF => $"\\u{rune.Value:x4}",
            _ => $"\\U{rune.Value:x8}",
        };
    }

    private static void AppendBytes(MarkedTextBuilder builder, byte[] bytes)
    {
        var text = new StringBuilder();
        var quote = bytes.Contains((byte)'\'') && !bytes.Contains((byte)'"') ? '"' : '\'';
        foreach (var item in bytes)
        {
            text.Append(item switch
            {
                (byte)'\n' => "\\n",
                (byte)'\r' => "\\r",
                (byte)'\t' => "\\t",
                (byte)'\\' => "\\\\",
                _ when item == quote => "\\" + quote,
                >= 32 and < 127 => ((char)item).ToString(),
                _ => $"\\x{item:x2}",
            });
        }

        builder.Append($"b{quote}{text}{quote}", isContent: true);
    }
}
