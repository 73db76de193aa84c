namespace Ml.Llm.Tokenization.Jinja;

/// <summary>The methods of str that fill a text up to a width.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class TextFilling
{
    /// <summary>center, ljust and rjust.</summary>
    public static TextValue Fill(Renderer renderer, TextValue text, Arguments arguments, string name)
    {
        var values = arguments.Bind(name, 1, "*width", "*fillchar");
        var fill = Parameters.TextOrNone(values[1], "The fill character")?.Text ?? " ";
        if (fill.Length != 1) throw Fault.Type("The fill character must be exactly one character long (and one UTF-16 unit here)");
        var width = Parameters.Whole(values[0], 0);
        return name switch
        {
            "center" => Centered(renderer, text, width, fill[0]),
            "ljust" => Filled(renderer, text, 0, Missing(text, width), fill[0]),
            _ => Filled(renderer, text, Missing(text, width), 0, fill[0]),
        };
    }

    /// <summary>A text with as much on its left as on its right; of an odd rest, where the one more goes depends on the width.</summary>
    public static TextValue Centered(Renderer renderer, TextValue text, int width, char fill)
    {
        var missing = Missing(text, width);
        var left = (missing / 2) + (missing & width & 1);
        return Filled(renderer, text, left, missing - left, fill);
    }

    /// <summary>A text with fill before and behind it.</summary>
    public static TextValue Filled(Renderer renderer, TextValue text, int left, int right, char fill)
    {
        var builder = new MarkedTextBuilder(renderer.Budget);
        builder.Fill(fill, left);
        builder.Append(text);
        builder.Fill(fill, right);
        return builder.ToText();
    }

    /// <summary>How many characters a text lacks.</summary>
    public static int Missing(TextValue text, int width) => Math.Max(0, width - CodePoints.Count(text.Text));

    /// <summary>zfill: zeros behind the sign.</summary>
    public static TextValue ZeroFill(Renderer renderer, TextValue text, Arguments arguments)
    {
        var missing = Missing(text, Parameters.Whole(arguments.Bind("zfill", 1, "*width")[0], 0));
        var sign = text.Text.Length > 0 && text.Text[0] is '+' or '-' ? 1 : 0;
        var builder = new MarkedTextBuilder(renderer.Budget);
        builder.Append(text, 0, sign);
        builder.Fill('0', missing);
        builder.Append(text, sign, text.Text.Length - sign);
        return builder.ToText();
    }

    /// <summary>expandtabs: spaces up to the next column.</summary>
    public static TextValue ExpandTabs(Renderer renderer, TextValue text, Arguments arguments)
    {
        var size = Parameters.Whole(arguments.Bind("expandtabs", 0, "tabsize")[0], 8);
        var builder = new MarkedTextBuilder(renderer.Budget);
        var column = 0;
        for (var at = 0; at < text.Text.Length;)
        {
            var length = CodePoints.LengthAt(text.Text, at);
            if (text.Text[at] == '\t')
            {
                var spaces = size <= 0 ? 0 : size - (column % size);
                builder.Fill(' ', spaces);
                column += spaces;
            }
            else
            {
                builder.Append(text, at, length);
                column = text.Text[at] is '\n' or '\r' ? 0 : column + 1;
            }

            at += length;
        }

        return builder.ToText();
    }
}
