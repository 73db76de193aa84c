namespace Ml.Llm.Tokenization.Jinja;

/// <summary>The methods of str that cut a text into several.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class TextSplitting
{
    /// <summary>split and rsplit: at a separator, or at white space.</summary>
    public static ListValue Split(Renderer renderer, TextValue text, Arguments arguments, bool fromEnd)
    {
        var values = arguments.Bind(fromEnd ? "rsplit" : "split", 0, "sep", "maxsplit");
        var separator = Parameters.TextOrNone(values[0], "separator")?.Text;
        if (separator is "") throw Fault.Value("empty separator");
        var most = Parameters.Whole(values[1], -1) is var given && given < 0 ? int.MaxValue : given;
        renderer.Budget.Read(text.Text.Length);
        var parts = (separator, fromEnd) switch
        {
            (null, false) => Words(text, most),
            (null, true) => WordsFromEnd(text, most),
            (_, false) => Parts(text, separator, most),
            (_, true) => PartsFromEnd(text, separator, most),
        };
        return renderer.List(parts);
    }

    /// <summary>splitlines.</summary>
    public static ListValue Lines(Renderer renderer, TextValue text, Arguments arguments)
    {
        var keepsEnds = Parameters.Truth(arguments.Bind("splitlines", 0, "keepends")[0], otherwise: false);
        renderer.Budget.Read(text.Text.Length);
        return renderer.List(Lines(text, keepsEnds));
    }

    /// <summary>The lines of a text; a line end at its end begins no further line.</summary>
    public static List<Value> Lines(TextValue text, bool keepsEnds = false)
    {
        var lines = new List<Value>();
        var value = text.Text;
        for (var start = 0; start < value.Length;)
        {
            var end = start;
            while (end < value.Length && !TextClasses.EndsLine(value[end])) end++;
            var next = end;
            if (end < value.Length) next += value[end] == '\r' && end + 1 < value.Length && value[end + 1] == '\n' ? 2 : 1;
            lines.Add(text.Part(start, (keepsEnds ? next : end) - start));
            start = next;
        }

        return lines;
    }

    /// <summary>partition and rpartition: what is before a separator, it, and what is behind.</summary>
    public static TupleValue Partition(Renderer renderer, TextValue text, Arguments arguments, bool fromEnd)
    {
        var separator = Parameters.Text(arguments.Bind("partition", 1, "*sep")[0], "partition() argument");
        if (separator.Text.Length == 0) throw Fault.Value("empty separator");
        renderer.Budget.Read(text.Text.Length);
        var found = fromEnd ? text.Text.LastIndexOf(separator.Text, StringComparison.Ordinal) : text.Text.IndexOf(separator.Text, StringComparison.Ordinal);
        if (found < 0) return fromEnd ? renderer.Tuple(TextValue.Empty, TextValue.Empty, text) : renderer.Tuple(text, TextValue.Empty, TextValue.Empty);
        var behind = found + separator.Text.Length;
        return renderer.Tuple(text.Part(0, found), separator, text.Part(behind, text.Text.Length - behind));
    }

    private static List<Value> Words(TextValue text, int most)
    {
        var words = new List<Value>();
        var value = text.Text;
        var at = 0;
        while (true)
        {
            while (at < value.Length && TextClasses.IsSpace(value[at])) at++;
            if (at >= value.Length) return words;
            if (words.Count == most)
            {
                words.Add(text.Part(at, value.Length - at));
                return words;
            }

            var start = at;
            while (at < value.Length && !TextClasses.IsSpace(value[at])) at++;
            words.Add(text.Part(start, at - start));
        }
    }

    private static List<Value> WordsFromEnd(TextValue text, int most)
    {
        var words = new List<Value>();
        var value = text.Text;
        var at = value.Length;
        while (true)
        {
            while (at > 0 && TextClasses.IsSpace(value[at - 1])) at--;
            if (at == 0) break;
            if (words.Count == most)
            {
                words.Add(text.Part(0, at));
                break;
            }

            var end = at;
            while (at > 0 && !TextClasses.IsSpace(value[at - 1])) at--;
            words.Add(text.Part(at, end - at));
        }

        words.Reverse();
        return words;
    }

    private static List<Value> Parts(TextValue text, string separator, int most)
    {
        var parts = new List<Value>();
        var at = 0;
        for (int found; parts.Count < most && (found = text.Text.IndexOf(separator, at, StringComparison.Ordinal)) >= 0; at = found + separator.Length)
            parts.Add(text.Part(at, found - at));
        parts.Add(text.Part(at, text.Text.Length - at));
        return parts;
    }

    private static List<Value> PartsFromEnd(TextValue text, string separator, int most)
    {
        var parts = new List<Value>();
        var end = text.Text.Length;
        for (int found; parts.Count < most && (found = text.Text.AsSpan(0, end).LastIndexOf(separator)) >= 0; end = found)
            parts.Add(text.Part(found + separator.Length, end - found - separator.Length));
        parts.Add(text.Part(0, end));
        parts.Reverse();
        return parts;
    }
}
