using System.Text;

namespace Ml.Llm.Tokenization.Jinja;

/// <summary>Filters on texts; other values are taken as their text.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class TextFilters
{
    private const int PrettyWidth = 80;

    public static Value Rewritten(Renderer renderer, Value value, Arguments arguments, string name, Func<string, string> rewrite)
    {
        arguments.Bind(name, 0);
        var text = Representation.Text(renderer.Budget, value);
        renderer.Budget.Write(text.Text.Length);
        return text.Rewritten(rewrite(text.Text));
    }

    /// <summary>Words, as white space, hyphens and opening brackets part them, with a capital each.</summary>
    public static string Title(string text)
    {
        var result = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length;)
        {
            var end = at;
            var parts = Parts(text[at]);
            while (end < text.Length && Parts(text[end]) == parts) end++;
            var word = text[at..end];
            if (parts)
            {
                result.Append(word);
            }
            else
            {
                var first = CodePoints.LengthAt(word, 0);
                result.Append(CaseMapping.Upper(word[..first])).Append(CaseMapping.Lower(word[first..]));
            }

            at = end;
        }

        return result.ToString();

        static bool Parts(char unit) => TextClasses.IsSpace(unit) || unit is '-' or '(' or '{' or '[' or '<';
    }

    public static Value Trim(Renderer renderer, Value value, Arguments arguments)
    {
        var characters = Parameters.TextOrNone(arguments.Bind("trim", 0, "chars")[0], "strip arg");
        var text = Representation.Text(renderer.Budget, value);
        renderer.Budget.Read(text.Text.Length);
        return TextMethods.Stripped(text, characters?.Text, left: true, right: true);
    }

    public static Value Replace(Renderer renderer, Value value, Arguments arguments)
    {
        var values = arguments.Bind("replace", 2, "old", "new", "count");
        return TextMethods.Replaced(
            renderer,
            Representation.Text(renderer.Budget, value),
            Representation.Text(renderer.Budget, values[0]!),
            Representation.Text(renderer.Budget, values[1]!),
            values[2] is NoneValue ? -1 : Parameters.Whole(values[2], -1));
    }

    public static Value Center(Renderer renderer, Value value, Arguments arguments) =>
        TextFilling.Centered(renderer, Representation.Text(renderer.Budget, value), Parameters.Whole(arguments.Bind("center", 0, "width")[0], 80), ' ');

    public static Value Format(Renderer renderer, Value value, Arguments arguments)
    {
        if (arguments.Positional.Length > 0 && arguments.Named.Count > 0) throw Fault.Runtime("can't handle positional and keyword arguments at the same time");
        Value operand = arguments.Named.Count > 0
            ? new MappingValue(arguments.Named.Select(static pair => KeyValuePair.Create((Value)TextValue.Of(pair.Key), pair.Value)), renderer.Budget)
            : renderer.Tuple(arguments.Positional);
        return PercentFormat.Format(renderer, Representation.Text(renderer.Budget, value), operand);
    }

    public static Value Indent(Renderer renderer, Value value, Arguments arguments)
    {
        var values = arguments.Bind("indent", 0, "width", "first", "blank");
        var text = value as TextValue ?? (value is UndefinedValue undefined ? throw Fault.Undefined(undefined) : throw Fault.Type($"unsupported operand type(s) for +=: '{value.TypeName}' and 'str'"));
        var margin = values[0] as TextValue ?? TextValue.Of(Blank(renderer, Parameters.Whole(values[0], 4)));
        var isFirst = Parameters.Truth(values[1], otherwise: false);
        var isBlank = Parameters.Truth(values[2], otherwise: false);
        var builder = new MarkedTextBuilder(renderer.Budget);
        builder.Append(text);
        builder.Append('\n');
        var lines = TextSplitting.Lines(builder.ToText());
        var result = new MarkedTextBuilder(renderer.Budget);
        for (var i = 0; i < lines.Count; i++)
        {
            var line = (TextValue)lines[i];
            if (i > 0) result.Append('\n');
            if (i == 0 ? isFirst : isBlank || line.Text.Length > 0) result.Append(margin);
            result.Append(line);
        }

        return result.ToText();
    }

    public static Value Truncate(Renderer renderer, Value value, Arguments arguments)
    {
        var values = arguments.Bind("truncate", 0, "length", "killwords", "end", "leeway");
        var text = value as TextValue ?? (value is UndefinedValue ? TextValue.Empty : throw Fault.Type($"object of type '{value.TypeName}' has no len()"));
        var length = Parameters.Whole(values[0], 255);
        var end = Parameters.TextOrNone(values[2], "end") ?? TextValue.Of("...");
        var leeway = values[3] is NoneValue ? 5 : Parameters.Whole(values[3], 5);
        var endLength = CodePoints.Count(end.Text);
        if (length < endLength) throw Fault.Runtime($"expected length >= {endLength}, got {length}");
        if (leeway < 0) throw Fault.Runtime($"expected leeway >= 0, got {leeway}");
        renderer.Budget.Read(text.Text.Length);
        if (CodePoints.Count(text.Text) <= (long)length + leeway) return text;
        var kept = text.Part(0, CodePoints.UnitAt(text.Text, length - endLength));
        if (!Parameters.Truth(values[1], otherwise: false) && kept.Text.LastIndexOf(' ') is var space and >= 0) kept = kept.Part(0, space);
        var builder = new MarkedTextBuilder(renderer.Budget);
        builder.Append(kept);
        builder.Append(end);
        return builder.ToText();
    }

    public static Value WordCount(Renderer renderer, Value value, Arguments arguments)
    {
        arguments.Bind("wordcount", 0);
        var text = Representation.Text(renderer.Budget, value).Text;
        renderer.Budget.Read(text.Length);
        var (count, inWord) = (0, false);
        for (var at = 0; at < text.Length; at += CodePoints.LengthAt(text, at))
        {
            var isWord = TextClasses.IsWord(CodePoints.RuneAt(text, at));
            if (isWord && !inWord) count++;
            inWord = isWord;
        }

        return new IntegerValue(count);
    }

    public static Value ToJson(Renderer renderer, Value value, Arguments arguments)
    {
        var values = arguments.Bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys");
        var indent = values[1] switch
        {
            null or NoneValue => null,
            TextValue text => text.Text,
            var width => Blank(renderer, Parameters.Whole(width, 0)),
        };
        var (item, key) = (indent is null ? ", " : ",", ": ");
        if (values[2] is not (null or NoneValue))
        {
            var separators = Sequences.Items(renderer, values[2]!);
            if (separators.Count != 2) throw Fault.Value("separators are two: that between items, and that between key and value");
            (item, key) = (Parameters.Text(separators[0], "a separator").Text, Parameters.Text(separators[1], "a separator").Text);
        }

        return new JsonText(renderer, Parameters.Truth(values[0], otherwise: false), indent, item, key, Parameters.Truth(values[3], otherwise: false)).Write(value);
    }

    /// <summary>A value as it is printed for reading; only what fits on one line is laid out here.</summary>
    public static Value PrettyPrint(Renderer renderer, Value value, Arguments arguments)
    {
        arguments.Bind("pprint", 0);
        var text = Representation.Repr(renderer.Budget, value);
        return CodePoints.Count(text.Text) <= PrettyWidth ? text : throw Fault.Runtime($"pprint of a value that takes more than {PrettyWidth} characters is not known here; use tojson(indent=2)");
    }

    private static string Blank(Renderer renderer, int width)
    {
        renderer.Budget.Write(Math.Max(0, width));
        return new string(' ', Math.Max(0, width));
    }
}
