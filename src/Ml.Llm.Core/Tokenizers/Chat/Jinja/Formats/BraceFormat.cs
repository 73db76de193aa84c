using System.Globalization;

namespace Ml.Llm.Tokenization.Jinja;

/// <summary>A text's method format: <c>'{} is {age:&gt;3}'.format(name, age=7)</c>.</summary>
/// <threadsafety>Belongs to one call.</threadsafety>
internal sealed class BraceFormat
{
    private readonly Renderer _renderer;
    private readonly Value[] _positional;
    private readonly Func<string, Value?> _named;
    private int _next;

    private BraceFormat(Renderer renderer, Value[] positional, Func<string, Value?> named) => (_renderer, _positional, _named) = (renderer, positional, named);

    public static TextValue Format(Renderer renderer, TextValue format, Arguments arguments) =>
        new BraceFormat(renderer, arguments.Positional, name => arguments[name]).Fill(format, depth: 2);

    public static TextValue FormatMap(Renderer renderer, TextValue format, Arguments arguments)
    {
        var mapping = arguments.Bind("format_map", 1, "*mapping")[0] as MappingValue ?? throw Fault.Type("format_map() takes a mapping");
        return new BraceFormat(renderer, [], mapping.Find).Fill(format, depth: 2);
    }

    private TextValue Fill(TextValue format, int depth)
    {
        if (depth == 0) throw Fault.Value("Max string recursion exceeded");
        var builder = new MarkedTextBuilder(_renderer.Budget);
        var text = format.Text;
        for (var at = 0; at < text.Length;)
        {
            var brace = text.AsSpan(at).IndexOfAny('{', '}') is var found and >= 0 ? at + found : text.Length;
            builder.Append(format, at, brace - at);
            if (brace == text.Length) break;
            if (brace + 1 < text.Length && text[brace + 1] == text[brace])
            {
                builder.Append(format, brace, 1);
                at = brace + 2;
                continue;
            }

            if (text[brace] == '}') throw Fault.Value("Single '}' encountered in format string");
            var end = EndOfField(text, brace + 1);
            AppendField(builder, format.Part(brace + 1, end - brace - 1), depth);
            at = end + 1;
        }

        return builder.ToText();
    }

    private static int EndOfField(string text, int at)
    {
        for (var open = 1; at < text.Length; at++)
        {
            if (text[at] == '{') open++;
            if (text[at] == '}' && --open == 0) return at;
        }

        throw Fault.Value("expected '}' before end of string");
    }

    private void AppendField(MarkedTextBuilder builder, TextValue field, int depth)
    {
        var text = field.Text;
        var nameEnd = NameEnd(text);
        var value = ValueOf(text[..nameEnd]);
        var at = nameEnd;
        if (at < text.Length && text[at] == '!')
        {
            value = at + 1 < text.Length && text[at + 1] is var kind
                ? kind switch
                {
                    's' => Representation.Text(_renderer.Budget, value),
                    'r' or 'a' => Representation.Repr(_renderer.Budget, value),
                    _ => throw Fault.Value($"Unknown conversion specifier '{kind}'"),
                }
                : throw Fault.Value("end of string while looking for conversion specifier");
            at += 2;
            if (at < text.Length && text[at] != ':') throw Fault.Value("expected ':' after conversion specifier");
        }

        var specification = at < text.Length ? Fill(field.Part(at + 1, text.Length - at - 1), depth - 1).Text : "";
        if (specification.Length == 0) Representation.AppendText(builder, value);
        else FormatSpecification.Parse(specification).Append(_renderer, builder, value);
    }

    /// <summary>Where a field's name ends; a sign within brackets belongs to the name.</summary>
    private static int NameEnd(string text)
    {
        var inBrackets = false;
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] == '[') inBrackets = true;
            else if (text[at] == ']') inBrackets = false;
            else if (text[at] is '!' or ':' && !inBrackets) return at;
        }

        return text.Length;
    }

    /// <summary>The value that a name with attributes and items behind it stands for.</summary>
    private Value ValueOf(string name)
    {
        var end = name.AsSpan().IndexOfAny('.', '[') is var found and >= 0 ? found : name.Length;
        var first = name[..end];
        Value value;
        if (first.Length == 0) value = At(_next++);
        else if (first.All(char.IsAsciiDigit)) value = At(int.TryParse(first, CultureInfo.InvariantCulture, out var place) ? place : int.MaxValue);
        else value = _named(first) ?? throw Fault.Value($"there is no argument '{first}'");

        for (var at = end; at < name.Length;)
        {
            var isItem = name[at] == '[';
            var stop = isItem ? name.IndexOf(']', at) : name.AsSpan(at + 1).IndexOfAny('.', '[') is var next and >= 0 ? at + 1 + next : name.Length;
            if (stop <= at + 1) throw Fault.Value(isItem && stop < 0 ? "Missing ']' in format string" : "Empty attribute in format string");
            var part = name[(at + 1)..stop];
            Value index = isItem && int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? new IntegerValue(number) : TextValue.Of(part);
            value = isItem ? Members.Item(_renderer, value, index) : Members.Attribute(_renderer, value, part);
            at = isItem ? stop + 1 : stop;
        }

        return value;
    }

    private Value At(int place) => place >= 0 && place < _positional.Length
        ? _positional[place]
        : throw Fault.Value($"Replacement index {place} out of range for positional args tuple");
}
