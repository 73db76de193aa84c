using Ml.Llm.Tokenization;
using Ml.Llm.Tokenization.Jinja;

namespace Ml.Llm;

/// <summary>A chat template: the Jinja text that comes with a model and says how a conversation is written for it.</summary>
/// <remarks>
/// <para>It is rendered as Transformers renders it: <c>trim_blocks</c> and <c>lstrip_blocks</c> on, loop controls, the immutable
/// sandbox, values printed as Python prints them, <c>tojson</c> as Python's <c>json.dumps</c>. Whole numbers have any size within
/// the limits. A construct that is not known is an error that names it, with line and column.</para>
/// <para>Not known are <c>block</c>, <c>autoescape</c>, the filters <c>random</c> and <c>urlize</c>, and characters by name; what would
/// load another template is an error where it is reached.</para>
/// </remarks>
/// <threadsafety>Immutable; all members may be called from any number of threads.</threadsafety>
public sealed class ChatTemplate
{
    private readonly Statement[] _body;
    private readonly ChatTemplateLimits _limits;

    private ChatTemplate(string text, string name, ChatTemplateLimits limits, Statement[] body, bool marksGeneration)
    {
        (Text, Name, MarksGeneration) = (text, name, marksGeneration);
        (_body, _limits) = (body, limits);
    }

    /// <summary>The template as it was given.</summary>
    public string Text { get; }

    /// <summary>What complaints call it.</summary>
    public string Name { get; }

    /// <summary>Whether it marks what the assistant wrote, by <c>{% generation %}</c>.</summary>
    public bool MarksGeneration { get; }

    /// <summary>Parses a template.</summary>
    /// <param name="text">The template.</param>
    /// <param name="name">What complaints are to call it.</param>
    /// <param name="limits">Bounds of what parsing and rendering may cost; null: the defaults.</param>
    /// <exception cref="ArgumentNullException">The text or the name is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A limit is zero or less.</exception>
    /// <exception cref="ChatTemplateException">The template is not well-formed, uses what is not known, or goes beyond a limit.</exception>
    public static ChatTemplate Parse(string text, string name = "chat template", ChatTemplateLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(name);
        limits ??= new ChatTemplateLimits();
        limits.Validate();
        if (text.Length > limits.MaxTemplateLength)
            throw new ChatTemplateException(ChatTemplateErrorKind.Limit, name, 0, 0, $"the template is longer than {limits.MaxTemplateLength} units (MaxTemplateLength)");
        try
        {
            var (body, marksGeneration) = TemplateParser.Parse(text, limits);
            return new ChatTemplate(text, name, limits, body, marksGeneration);
        }
        catch (TemplateSyntaxException problem)
        {
            throw new ChatTemplateException(problem.Kind, name, problem.At.Line, problem.At.Column, problem.Message, problem);
        }
    }

    /// <summary>Writes a conversation.</summary>
    /// <param name="messages">The messages, at least one.</param>
    /// <param name="options">Prompt, tools, variables; null: the defaults.</param>
    /// <exception cref="ArgumentNullException">The messages are null.</exception>
    /// <exception cref="ChatTemplateException">The conversation does not suit the template, or a limit was reached.</exception>
    public ChatRendering Render(IReadOnlyList<ChatMessage> messages, ChatTemplateOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return Render(reader => reader.Messages(messages), options, []);
    }

    /// <summary>Writes a conversation that is given as JSON.</summary>
    /// <param name="messagesJson">An array of objects, each with <c>role</c>, <c>content</c> and whatever else the template takes.</param>
    /// <param name="options">Prompt, tools, variables; null: the defaults.</param>
    /// <exception cref="ArgumentNullException">The text is null.</exception>
    /// <exception cref="DataFormatException">The text is not readable as such JSON.</exception>
    /// <exception cref="ChatTemplateException">The conversation does not suit the template, or a limit was reached.</exception>
    public ChatRendering Render(string messagesJson, ChatTemplateOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(messagesJson);
        return Render(reader => reader.Messages(messagesJson), options, []);
    }

    /// <summary>Writes a conversation, with the special tokens of a tokenizer.</summary>
    internal ChatRendering Render(
        Func<ConversationReader, IReadOnlyList<MappingValue>> messages, ChatTemplateOptions? options, IEnumerable<KeyValuePair<string, string>> specialTokens)
    {
        options ??= new ChatTemplateOptions();
        ArgumentException.ThrowIfNullOrEmpty(options.ContinueFinalMessageField);
        var budget = new Budget(_limits);
        var renderer = new Renderer(budget, options.Now);
        try
        {
            var reader = new ConversationReader(budget);
            var conversation = messages(reader);
            if (conversation.Count == 0) throw Refused("the conversation is empty: it needs at least one message");
            if (options is { ContinueFinalMessage: true, AddGenerationPrompt: true }) throw Refused(ChatTemplateOptions.Contradiction);
            var final = options.ContinueFinalMessage ? FinalMessage.Mark(conversation, options.ContinueFinalMessageField, budget) : null;
            var text = renderer.Render(_body, reader.Variables(final?.Messages ?? conversation, options, specialTokens));
            if (final is not null) text = final.Cut(text);
            return new ChatRendering(text.Text, Spans(text.Content), Spans(text.Generated));
        }
        catch (TemplateFaultException fault)
        {
            var hasPlace = fault.Kind != ChatTemplateErrorKind.Argument;
            throw new ChatTemplateException(fault.Kind, Name, hasPlace ? renderer.At.Line : 0, hasPlace ? renderer.At.Column : 0, fault.Message, fault);
        }
    }

    /// <summary>Renders the template with variables alone, without a conversation.</summary>
    internal string Render(string variablesJson, DateTime? now)
    {
        var budget = new Budget(_limits);
        var renderer = new Renderer(budget, now);
        try
        {
            return renderer.Render(_body, new ConversationReader(budget).Variables(variablesJson)).Text;
        }
        catch (TemplateFaultException fault)
        {
            throw new ChatTemplateException(fault.Kind, Name, renderer.At.Line, renderer.At.Column, fault.Message, fault);
        }
    }

    private static TemplateFaultException Refused(string message) => new(ChatTemplateErrorKind.Argument, message);

    private static ChatTextSpan[] Spans(TextRange[] ranges) => [.. ranges.Select(static range => new ChatTextSpan(range.Start, range.End))];
}
