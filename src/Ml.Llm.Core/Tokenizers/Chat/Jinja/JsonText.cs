namespace Ml.Llm.Tokenization.Jinja;

/// <summary>Values as JSON, as Python's json.dumps writes them.</summary>
/// <param name="renderer">Who asks.</param>
/// <param name="asciiOnly">Escapes every other character.</param>
/// <param name="indent">What a level is indented by; null: all on one line.</param>
/// <param name="itemSeparator">Between items.</param>
/// <param name="keySeparator">Between key and value.</param>
/// <param name="sortsKeys">Whether keys are sorted.</param>
internal sealed class JsonText(Renderer renderer, bool asciiOnly, string? indent, string itemSeparator, string keySeparator, bool sortsKeys)
{
    private readonly MarkedTextBuilder _builder = new(renderer.Budget);

    public TextValue Write(Value value)
    {
        Append(value, 0);
        return _builder.ToText();
    }

    private void Append(Value value, int level)
    {
        switch (value)
        {
            case TextValue text: AppendQuoted(text); break;
            case NoneValue: _builder.Append("null"); break;
            case BooleanValue truth: _builder.Append(truth.IsTrue ? "true" : "false"); break;
            case IntegerValue integer: _builder.Append(NumberText.Of(integer.Number)); break;
            case FloatValue number: _builder.Append(Float(number.Number)); break;
            case ListValue or TupleValue: AppendItems((SequenceValue)value, level); break;
            case MappingValue mapping: AppendPairs(mapping, level); break;
            default: throw Fault.Type($"Object of type {value.TypeName} is not JSON serializable");
        }
    }

    private static string Float(double number) =>
        double.IsNaN(number) ? "NaN" : double.IsInfinity(number) ? (number > 0 ? "Infinity" : "-Infinity") : NumberText.Of(number);

    private void AppendItems(SequenceValue sequence, int level)
    {
        if (sequence.Items.Length == 0)
        {
            _builder.Append("[]");
            return;
        }

        _builder.Append('[');
        for (var i = 0; i < sequence.Items.Length; i++)
        {
            if (i > 0) _builder.Append(itemSeparator);
            AppendLine(level + 1);
            Append(sequence.Items[i], level + 1);
        }

        AppendLine(level);
        _builder.Append(']');
    }

    private void AppendPairs(MappingValue mapping, int level)
    {
        if (mapping.Pairs.Count == 0)
        {
            _builder.Append("{}");
            return;
        }

        var pairs = mapping.Pairs;
        if (sortsKeys)
        {
            var order = Comparison.Sort(renderer.Budget, mapping.Keys(), static key => key, reverse: false);
            pairs = [.. order.Select(key => KeyValuePair.Create(key, mapping.Find(key)!))];
        }

        _builder.Append('{');
        for (var i = 0; i < pairs.Count; i++)
        {
            if (i > 0) _builder.Append(itemSeparator);
            AppendLine(level + 1);
            AppendQuoted(KeyText(pairs[i].Key));
            _builder.Append(keySeparator);
            Append(pairs[i].Value, level + 1);
        }

        AppendLine(level);
        _builder.Append('}');
    }

    private static TextValue KeyText(Value key) => key switch
    {
        TextValue text => text,
        NoneValue => TextValue.Of("null"),
        BooleanValue truth => TextValue.Of(truth.IsTrue ? "true" : "false"),
        IntegerValue integer => TextValue.Of(NumberText.Of(integer.Number)),
        FloatValue number => TextValue.Of(Float(number.Number)),
        _ => throw Fault.Type($"keys must be str, int, float, bool or None, not {key.TypeName}"),
    };

    private void AppendLine(int level)
    {
        if (indent is null) return;
        _builder.Append('\n');
        for (var i = 0; i < level; i++) _builder.Append(indent);
    }

    private void AppendQuoted(TextValue value)
    {
        var text = value.Text;
        _builder.Append('"');
        var plain = 0;
        for (var at = 0; at < text.Length; at++)
        {
            if (Escape(text[at]) is not { } escape) continue;
            if (at > plain) _builder.Append(value, plain, at - plain);
            _builder.Append(escape, value.HasContent);
            plain = at + 1;
        }

        if (plain < text.Length) _builder.Append(value, plain, text.Length - plain);
        _builder.Append('"');
    }

    private string? Escape(char unit) => unit switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\b' => "\\b",
        '\f' => "\\f",
        < ' ' => $"\\u{(int)unit:x4}",
        > '~' when asciiOnly => $"\\u{(int)unit:x4}",
        _ => null,
    };
}
