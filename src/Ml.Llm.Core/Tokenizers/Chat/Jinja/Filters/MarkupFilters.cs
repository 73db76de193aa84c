using System.Buffers;
using System.Net;
using System.Text;

namespace Ml.Llm.Tokenization.Jinja;

/// <summary>Filters for HTML and addresses.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class MarkupFilters
{
    private static readonly SearchValues<char> s_notInNames = SearchValues.Create("/>= \t\n\r\f\v");

    public static Value Escape(Renderer renderer, Value value, Arguments arguments)
    {
        arguments.Bind("escape", 0);
        return Escaped(renderer, value);
    }

    /// <summary>A text without comments and tags, with single spaces, and with its entities replaced.</summary>
    public static Value StripTags(Renderer renderer, Value value, Arguments arguments)
    {
        arguments.Bind("striptags", 0);
        var text = Representation.Text(renderer.Budget, value);
        renderer.Budget.Write(text.Text.Length);
        var plain = Without(Without(text.Text, "<!--", "-->"), "<", ">");
        var words = plain.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return text.Rewritten(WebUtility.HtmlDecode(string.Join(' ', words)));
    }

    public static Value UrlEncode(Renderer renderer, Value value, Arguments arguments)
    {
        arguments.Bind("urlencode", 0);
        if (value is TextValue || !Sequences.IsIterable(value)) return Quoted(renderer, value, isQuery: false);
        var pairs = value is MappingValue mapping ? ContainerMethods.Pairs(renderer, mapping) : Sequences.Items(renderer, value);
        var builder = new MarkedTextBuilder(renderer.Budget);
        foreach (var item in pairs)
        {
            var pair = Sequences.Items(renderer, item);
            if (pair.Count != 2) throw Fault.Value($"a key and a value are expected, got {pair.Count} values");
            if (builder.Length > 0) builder.Append('&');
            builder.Append(Quoted(renderer, pair[0], isQuery: true));
            builder.Append('=');
            builder.Append(Quoted(renderer, pair[1], isQuery: true));
        }

        return builder.ToText();
    }

    public static Value XmlAttr(Renderer renderer, Value value, Arguments arguments)
    {
        var startsWithSpace = Parameters.Truth(arguments.Bind("xmlattr", 0, "autospace")[0], otherwise: true);
        if (value is UndefinedValue undefined) throw Fault.Undefined(undefined);
        if (value is not MappingValue mapping) throw Fault.Type($"'{value.TypeName}' object is no mapping");
        var builder = new MarkedTextBuilder(renderer.Budget);
        foreach (var (key, item) in mapping.Pairs)
        {
            if (item is NoneValue or UndefinedValue) continue;
            var name = Parameters.Text(key, "an attribute's name");
            if (name.Text.AsSpan().IndexOfAny(s_notInNames) >= 0) throw Fault.Value($"Invalid character in attribute name: '{name.Text}'");
            if (builder.Length > 0 || startsWithSpace) builder.Append(' ');
            builder.Append(Escaped(renderer, name));
            builder.Append("=\"");
            builder.Append(Escaped(renderer, item));
            builder.Append('"');
        }

        return builder.ToText();
    }

    private static TextValue Escaped(Renderer renderer, Value value)
    {
        var text = Representation.Text(renderer.Budget, value);
        var builder = new MarkedTextBuilder(renderer.Budget);
        var plain = 0;
        for (var at = 0; at < text.Text.Length; at++)
        {
            var entity = text.Text[at] switch { '&' => "&amp;", '<' => "&lt;", '>' => "&gt;", '"' => "&#34;", '\'' => "&#39;", _ => null };
            if (entity is null) continue;
            builder.Append(text, plain, at - plain);
            builder.Append(entity, text.HasContent);
            plain = at + 1;
        }

        builder.Append(text, plain, text.Text.Length - plain);
        return builder.ToText();
    }

    private static string Without(string text, string begin, string end)
    {
        var result = new StringBuilder(text.Length);
        var at = 0;
        while (text.IndexOf(begin, at, StringComparison.Ordinal) is var start and >= 0 && text.IndexOf(end, start, StringComparison.Ordinal) is var stop and >= 0)
        {
            result.Append(text, at, start - at);
            at = stop + end.Length;
        }

        return result.Append(text, at, text.Length - at).ToString();
    }

    private static TextValue Quoted(Renderer renderer, Value value, bool isQuery)
    {
        var text = Representation.Text(renderer.Budget, value);
        renderer.Budget.Write(text.Text.Length * 3L);
        var result = new StringBuilder();
        foreach (var item in Encoding.UTF8.GetBytes(text.Text))
        {
            var unit = (char)item;
            if (char.IsAsciiLetterOrDigit(unit) || unit is '_' or '.' or '-' or '~' || (unit == '/' && !isQuery)) result.Append(unit);
            else if (unit == ' ' && isQuery) result.Append('+');
            else result.Append('%').Append(item.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
        }

        return text.Rewritten(result.ToString());
    }
}
