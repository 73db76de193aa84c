namespace Ml.Llm.Tokenization.Jinja;

/// <summary>The filter wordwrap: lines of at most so many characters, broken between words, behind hyphens, and inside words that are longer.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class WordWrap
{
    public static Value Wrap(Renderer renderer, Value value, Arguments arguments)
    {
        var values = arguments.Bind("wordwrap", 0, "width", "break_long_words", "wrapstring", "break_on_hyphens");
        var width = Parameters.Whole(values[0], 79);
        if (width <= 0) throw Fault.Value($"invalid width {width} (must be > 0)");
        var breaksWords = Parameters.Truth(values[1], otherwise: true);
        var end = Parameters.TextOrNone(values[2], "wrapstring") ?? TextValue.Of("\n");
        var breaksHyphens = Parameters.Truth(values[3], otherwise: true);
        var text = value as TextValue ?? throw Fault.Type($"'{value.TypeName}' object has no attribute 'splitlines'");
        renderer.Budget.Read(text.Text.Length);

        var builder = new MarkedTextBuilder(renderer.Budget);
        var isFirst = true;
        foreach (var paragraph in TextSplitting.Lines(text).Cast<TextValue>())
        {
            var lines = Lines(Chunks(paragraph, breaksHyphens), width, breaksWords, breaksHyphens);
            if (lines.Count == 0) lines.Add([]);
            foreach (var line in lines)
            {
                if (!isFirst) builder.Append(end);
                isFirst = false;
                foreach (var chunk in line) builder.Append(chunk);
            }
        }

        return builder.ToText();
    }

    private static List<List<TextValue>> Lines(Queue<TextValue> chunks, int width, bool breaksWords, bool breaksHyphens)
    {
        var lines = new List<List<TextValue>>();
        while (chunks.Count > 0)
        {
            if (lines.Count > 0 && IsBlank(chunks.Peek())) chunks.Dequeue();
            var line = new List<TextValue>();
            var length = 0;
            while (chunks.Count > 0 && length + Length(chunks.Peek()) <= width)
            {
                length += Length(chunks.Peek());
                line.Add(chunks.Dequeue());
            }

            if (chunks.Count > 0 && Length(chunks.Peek()) > width)
            {
                var rest = AddPart(line, chunks.Dequeue(), width - length, breaksWords, breaksHyphens);
                if (rest is not null) chunks = new Queue<TextValue>([rest, .. chunks]);
            }

            if (line.Count > 0 && IsBlank(line[^1])) line.RemoveAt(line.Count - 1);
            if (line.Count > 0) lines.Add(line);
        }

        return lines;
    }

    /// <summary>Puts as much of a word that is longer than a line on the line as fits, and gives the rest.</summary>
    private static TextValue? AddPart(List<TextValue> line, TextValue word, int room, bool breaksWords, bool breaksHyphens)
    {
        if (breaksWords)
        {
            var cut = Math.Max(room, 1);
            if (breaksHyphens && room > 1 && word.Text.AsSpan(0, Math.Min(room, word.Text.Length)).LastIndexOf('-') is var hyphen and > 0
                && word.Text.AsSpan(0, hyphen).ContainsAnyExcept('-'))
                cut = hyphen + 1;
            var unit = CodePoints.UnitAt(word.Text, cut);
            line.Add(word.Part(0, unit));
            return unit < word.Text.Length ? word.Part(unit, word.Text.Length - unit) : null;
        }

        if (line.Count > 0) return word;
        line.Add(word);
        return null;
    }

    /// <summary>Words and the white space between them.</summary>
    private static Queue<TextValue> Chunks(TextValue text, bool breaksHyphens)
    {
        var chunks = new Queue<TextValue>();
        var value = text.Text;
        for (var start = 0; start < value.Length;)
        {
            var isSpace = TextClasses.IsSpace(value[start]);
            var end = start + 1;
            while (end < value.Length && TextClasses.IsSpace(value[end]) == isSpace && !(breaksHyphens && !isSpace && EndsBehindHyphen(value, end))) end++;
            chunks.Enqueue(text.Part(start, end - start));
            start = end;
        }

        return chunks;
    }

    /// <summary>Whether a word may be broken here: two letters and a hyphen before, a letter and (behind a hyphen perhaps) another after.</summary>
    private static bool EndsBehindHyphen(string text, int end) => end >= 3 && text[end - 1] == '-' && char.IsLetter(text[end - 2]) && char.IsLetter(text[end - 3])
        && end + 1 < text.Length && char.IsLetter(text[end]) && (char.IsLetter(text[end + 1]) || (text[end + 1] == '-' && end + 2 < text.Length && char.IsLetter(text[end + 2])));

    private static bool IsBlank(TextValue chunk) => chunk.Text.All(TextClasses.IsSpace);

    private static int Length(TextValue chunk) => CodePoints.Count(chunk.Text);
}
