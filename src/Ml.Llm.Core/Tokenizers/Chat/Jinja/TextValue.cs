using System.Text;

namespace Ml.Llm.Tokenization.Jinja;

/// <summary>A stretch of a text, in UTF-16 units.</summary>
internal readonly record struct TextRange(int Start, int End);

/// <summary>
/// A text that knows which of its stretches came from the conversation (and are never special tokens), and which were
/// rendered inside a generation block.
/// </summary>
/// <remarks>Joining, cutting and trimming keep the marks exactly; where a text is rewritten, all of it counts as content if any was.</remarks>
internal sealed class TextValue : Value
{
    public static readonly TextValue Empty = new("", [], []);

    public TextValue(string text, TextRange[] content, TextRange[] generated) => (Text, Content, Generated) = (text, content, generated);

    public string Text { get; }

    /// <summary>The stretches from the conversation, in order, none touching the next.</summary>
    public TextRange[] Content { get; }

    /// <summary>The stretches of generation blocks, in the order in which the blocks ended.</summary>
    public TextRange[] Generated { get; }

    public bool HasContent => Content.Length > 0;

    public override string TypeName => "str";

    public override Extent Extent => new(0, 1 + (Text.Length / 64));

    /// <summary>A text that the template itself holds.</summary>
    public static TextValue Of(string text) => text.Length == 0 ? Empty : new TextValue(text, [], []);

    /// <summary>A text of the conversation.</summary>
    public static TextValue OfContent(string text) => text.Length == 0 ? Empty : new TextValue(text, [new TextRange(0, text.Length)], []);

    /// <summary>A text made from others in a way that keeps no places.</summary>
    public static TextValue Derived(string text, bool hasContent) => hasContent ? OfContent(text) : Of(text);

    /// <summary>This text rewritten.</summary>
    public TextValue Rewritten(string text) => text == Text ? this : Derived(text, HasContent);

    /// <summary>A part of the text.</summary>
    public TextValue Part(int start, int length)
    {
        if (start == 0 && length == Text.Length) return this;
        return length == 0 ? Empty : new TextValue(Text.Substring(start, length), Clip(Content, start, start + length), Clip(Generated, start, start + length));
    }

    private static TextRange[] Clip(TextRange[] ranges, int start, int end)
    {
        if (ranges.Length == 0) return ranges;
        var clipped = new List<TextRange>();
        foreach (var range in ranges)
        {
            var (from, to) = (Math.Max(range.Start, start), Math.Min(range.End, end));
            if (from < to) clipped.Add(new TextRange(from - start, to - start));
        }

        return [.. clipped];
    }
}

/// <summary>Puts a text together from pieces with marks; what it makes is counted before it is made.</summary>
internal sealed class MarkedTextBuilder(Budget budget)
{
    private readonly StringBuilder _text = new();
    private readonly List<TextRange> _content = [];
    private readonly List<TextRange> _generated = [];

    public int Length => _text.Length;

    public void Append(char character, bool isContent = false)
    {
        Room(1);
        if (isContent) MarkContent(_text.Length, _text.Length + 1);
        _text.Append(character);
    }

    public void Append(ReadOnlySpan<char> text, bool isContent = false)
    {
        if (text.IsEmpty) return;
        Room(text.Length);
        if (isContent) MarkContent(_text.Length, _text.Length + text.Length);
        _text.Append(text);
    }

    public void Append(TextValue text)
    {
        Room(text.Text.Length);
        var at = _text.Length;
        foreach (var range in text.Content) MarkContent(at + range.Start, at + range.End);
        foreach (var range in text.Generated) _generated.Add(new TextRange(at + range.Start, at + range.End));
        _text.Append(text.Text);
    }

    public void Append(TextValue text, int start, int length) => Append(text.Part(start, length));

    public void Fill(char character, long count)
    {
        if (count <= 0) return;
        Room(count);
        _text.Append(character, (int)count);
    }

    /// <summary>Marks what was appended since a place as the text of a generation block.</summary>
    public void MarkGenerated(int start) => _generated.Add(new TextRange(start, _text.Length));

    public TextValue ToText() => _text.Length == 0 ? TextValue.Empty : new TextValue(_text.ToString(), [.. _content], [.. _generated]);

    private void Room(long length)
    {
        if (_text.Length + length > budget.Limits.MaxTextLength) budget.Write(_text.Length + length);
        budget.Write(length);
    }

    private void MarkContent(int start, int end)
    {
        if (_content.Count > 0 && _content[^1].End == start) _content[^1] = new TextRange(_content[^1].Start, end);
        else _content.Add(new TextRange(start, end));
    }
}
