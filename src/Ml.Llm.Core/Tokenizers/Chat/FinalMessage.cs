using Ml.Llm.Tokenization.Jinja;

namespace Ml.Llm.Tokenization;

/// <summary>The last message of a conversation that is to be continued: a mark behind its text, and the cut there after rendering.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class FinalMessage
{
    /// <summary>The mark; its space at the end tells whether the template trimmed the text.</summary>
    private const string Tag = "CONTINUE_FINAL_MESSAGE_TAG ";

    private readonly string _text;

    private FinalMessage(IReadOnlyList<MappingValue> messages, string text) => (Messages, _text) = (messages, text);

    /// <summary>The messages, with the mark in the last.</summary>
    public IReadOnlyList<MappingValue> Messages { get; }

    /// <summary>Puts the mark behind a field of the last message: behind its text, or that of its last part that has one.</summary>
    public static FinalMessage Mark(IReadOnlyList<MappingValue> messages, string field, Budget budget)
    {
        var (marked, text) = messages[^1].Find(field) switch
        {
            TextValue whole => (Marked(whole, budget), whole),
            SequenceValue parts => MarkedParts(parts, budget),
            _ => throw Refused($"ContinueFinalMessage is set, but the last message has no text in '{field}'"),
        };
        return new FinalMessage([.. messages.SkipLast(1), With(messages[^1], field, marked, budget)], text.Text);
    }

    /// <summary>The text up to the mark.</summary>
    public TextValue Cut(TextValue rendered)
    {
        var mark = rendered.Text.LastIndexOf(Tag.Trim(), StringComparison.Ordinal);
        if (mark < 0 || !rendered.Text.Contains(TextMethods.Stripped(TextValue.Of(_text), null, left: true, right: true).Text, StringComparison.Ordinal))
            throw Refused("ContinueFinalMessage is set, but the last message's text is not there after the template was applied: the template drops or changes it");
        var kept = rendered.Part(0, mark);
        return rendered.Text.AsSpan(mark).StartsWith(Tag) ? kept : TextMethods.Stripped(kept, null, left: false, right: true);
    }

    private static TextValue Marked(TextValue text, Budget budget)
    {
        var builder = new MarkedTextBuilder(budget);
        builder.Append(text);
        builder.Append(Tag, isContent: true);
        return builder.ToText();
    }

    private static (Value Marked, TextValue Text) MarkedParts(SequenceValue parts, Budget budget)
    {
        for (var i = parts.Items.Length - 1; i >= 0; i--)
        {
            if (parts.Items[i] is not MappingValue part || part.Find("text") is not TextValue text) continue;
            var items = parts.Items.ToArray();
            items[i] = With(part, "text", Marked(text, budget), budget);
            return (new ListValue(items, budget), text);
        }

        throw Refused("ContinueFinalMessage is set, but no part of the last message has a text");
    }

    private static MappingValue With(MappingValue mapping, string field, Value value, Budget budget) =>
        new(mapping.Pairs.Append(new(TextValue.Of(field), value)), budget);

    private static TemplateFaultException Refused(string message) => new(ChatTemplateErrorKind.Argument, message);
}
