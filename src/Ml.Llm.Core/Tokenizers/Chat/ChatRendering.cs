namespace Ml.Llm;

/// <summary>A stretch of a text.</summary>
/// <param name="Start">Its first UTF-16 unit.</param>
/// <param name="End">The unit after its last.</param>
public readonly record struct ChatTextSpan(int Start, int End);

/// <summary>A conversation in the form of a chat template.</summary>
/// <threadsafety>Immutable.</threadsafety>
public sealed class ChatRendering
{
    internal ChatRendering(string text, IReadOnlyList<ChatTextSpan> contentSpans, IReadOnlyList<ChatTextSpan> generationSpans)
    {
        Text = text;
        ContentSpans = contentSpans;
        GenerationSpans = generationSpans;
    }

    /// <summary>The text.</summary>
    public string Text { get; }

    /// <summary>
    /// Where the text comes from the conversation rather than from the template and the special tokens, in order. Roles count as
    /// the template's where they are made of letters, digits, <c>_</c> and <c>-</c> alone, as templates make tokens of them.
    /// </summary>
    public IReadOnlyList<ChatTextSpan> ContentSpans { get; }

    /// <summary>The blocks that the template marks by <c>{% generation %}</c> as the assistant's, in the order in which they end.</summary>
    public IReadOnlyList<ChatTextSpan> GenerationSpans { get; }
}

/// <summary>A conversation as ids.</summary>
/// <threadsafety>Immutable.</threadsafety>
public sealed class ChatEncoding
{
    internal ChatEncoding(string text, IReadOnlyList<int> ids, IReadOnlyList<int> assistantMask)
    {
        Text = text;
        Ids = ids;
        AssistantMask = assistantMask;
    }

    /// <summary>The text of the template.</summary>
    public string Text { get; }

    /// <summary>The ids. The template holds all special tokens; none is put around it.</summary>
    public IReadOnlyList<int> Ids { get; }

    /// <summary>1 for each id that the template marks by <c>{% generation %}</c> as the assistant's, else 0.</summary>
    public IReadOnlyList<int> AssistantMask { get; }
}
