using Ml.Llm.Tokenization;
using Ml.Llm.Tokenization.Jinja;

namespace Ml.Llm;

public sealed partial class LanguageModelTokenizer
{
    private ChatTemplateSet? _chatTemplates;

    /// <summary>The names of the chat templates that came with the tokenizer, mostly <c>default</c> alone or none.</summary>
    /// <exception cref="ModelFormatException">A file of a chat template is not text, or tokenizer_config.json holds one in a form that is none.</exception>
    public IReadOnlyList<string> ChatTemplateNames => ChatTemplates.Names;

    /// <summary>The templates of the files beside tokenizer.json; they are kept with those files when they are written.</summary>
    internal ChatTemplateSet ChatTemplates => _chatTemplates ??= ChatTemplateSet.Read(_sideFiles);

    /// <summary>A chat template that came with the tokenizer, or null.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="ArgumentNullException">The name is null.</exception>
    /// <exception cref="ModelFormatException">A file of a chat template is not text, or tokenizer_config.json holds one in a form that is none.</exception>
    /// <exception cref="ChatTemplateException">The template is not well-formed, or uses what is not known.</exception>
    public ChatTemplate? FindChatTemplate(string name = ChatTemplateSet.Default)
    {
        ArgumentNullException.ThrowIfNull(name);
        return ChatTemplates.Find(name);
    }

    /// <summary>Writes a conversation as the tokenizer's chat template says.</summary>
    /// <param name="messages">The messages, at least one.</param>
    /// <param name="options">Prompt, tools, variables; null: the defaults.</param>
    /// <exception cref="ArgumentNullException">The messages are null.</exception>
    /// <exception cref="InvalidOperationException">The tokenizer has no such chat template.</exception>
    /// <exception cref="ChatTemplateException">The conversation does not suit the template, or a limit was reached.</exception>
    public string ApplyChatTemplate(IReadOnlyList<ChatMessage> messages, ChatTemplateOptions? options = null) => Render(messages, options).Text;

    /// <summary>Writes a conversation that is given as JSON.</summary>
    /// <param name="messagesJson">An array of objects, each with <c>role</c>, <c>content</c> and whatever else the template takes.</param>
    /// <param name="options">Prompt, tools, variables; null: the defaults.</param>
    /// <exception cref="ArgumentNullException">The text is null.</exception>
    /// <exception cref="DataFormatException">The text is not readable as such JSON.</exception>
    /// <exception cref="InvalidOperationException">The tokenizer has no such chat template.</exception>
    /// <exception cref="ChatTemplateException">The conversation does not suit the template, or a limit was reached.</exception>
    public string ApplyChatTemplate(string messagesJson, ChatTemplateOptions? options = null) => Render(messagesJson, options).Text;

    /// <summary>Encodes a conversation: the template's markers become special tokens, what the conversation says stays plain text.</summary>
    /// <param name="messages">The messages, at least one.</param>
    /// <param name="options">Prompt, tools, variables; null: the defaults.</param>
    /// <returns>Ids without any token but the template's own, nothing cut or padded, and the mask of the assistant's tokens.</returns>
    /// <exception cref="ArgumentNullException">The messages are null.</exception>
    /// <exception cref="InvalidOperationException">The tokenizer has no such chat template.</exception>
    /// <exception cref="ChatTemplateException">The conversation does not suit the template, or a limit was reached.</exception>
    public ChatEncoding EncodeChat(IReadOnlyList<ChatMessage> messages, ChatTemplateOptions? options = null) =>
        ChatTokens.Encode(Pipeline, Render(messages, options), options?.ParseSpecialTokensInContent ?? false);

    /// <summary>Encodes a conversation that is given as JSON.</summary>
    /// <param name="messagesJson">An array of objects, each with <c>role</c>, <c>content</c> and whatever else the template takes.</param>
    /// <param name="options">Prompt, tools, variables; null: the defaults.</param>
    /// <returns>Ids without any token but the template's own, nothing cut or padded, and the mask of the assistant's tokens.</returns>
    /// <exception cref="ArgumentNullException">The text is null.</exception>
    /// <exception cref="DataFormatException">The text is not readable as such JSON.</exception>
    /// <exception cref="InvalidOperationException">The tokenizer has no such chat template.</exception>
    /// <exception cref="ChatTemplateException">The conversation does not suit the template, or a limit was reached.</exception>
    public ChatEncoding EncodeChat(string messagesJson, ChatTemplateOptions? options = null) =>
        ChatTokens.Encode(Pipeline, Render(messagesJson, options), options?.ParseSpecialTokensInContent ?? false);

    private ChatRendering Render(IReadOnlyList<ChatMessage> messages, ChatTemplateOptions? options)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return Render(reader => reader.Messages(messages), options);
    }

    private ChatRendering Render(string messagesJson, ChatTemplateOptions? options)
    {
        ArgumentNullException.ThrowIfNull(messagesJson);
        return Render(reader => reader.Messages(messagesJson), options);
    }

    private ChatRendering Render(Func<ConversationReader, IReadOnlyList<MappingValue>> messages, ChatTemplateOptions? options)
    {
        var template = ChosenChatTemplate(options);
        var specialTokens = SpecialTokenName.All
            .Select(name => KeyValuePair.Create(name.Key, name.Get(SpecialTokens) is { } id ? TokenOf(id) : null))
            .Where(static token => token.Value is not null);
        return template.Render(messages, options, specialTokens!);
    }

    /// <summary>The template that options ask for.</summary>
    internal ChatTemplate ChosenChatTemplate(ChatTemplateOptions? options)
    {
        if (options?.Template is { } given) return given;
        if (options?.TemplateName is { } name) return ChatTemplates.Find(name) ?? throw Missing(name);
        var forTools = options?.Tools is null ? null : ChatTemplates.Find(ChatTemplateSet.ToolUse);
        return forTools ?? ChatTemplates.Find(ChatTemplateSet.Default) ?? throw Missing(ChatTemplateSet.Default);
    }

    private InvalidOperationException Missing(string name) => new(ChatTemplates.Names.Count == 0
        ? "The tokenizer has no chat template. Give one as ChatTemplateOptions.Template, or read a tokenizer that has one."
        : $"The tokenizer has no chat template named \"{name}\"; it has {string.Join(", ", ChatTemplateNames)}.");
}
