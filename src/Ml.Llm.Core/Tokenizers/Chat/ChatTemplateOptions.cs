using System.Text.Json.Nodes;

namespace Ml.Llm;

/// <summary>How a conversation is put into a chat template; names as Transformers' <c>apply_chat_template</c> has them.</summary>
/// <threadsafety>Immutable itself; JSON nodes given to it must not be changed while it is in use.</threadsafety>
public sealed record ChatTemplateOptions
{
    /// <summary>Asks the template to begin a message of the assistant at the end, for a model to go on with. Default false.</summary>
    public bool AddGenerationPrompt { get; init; }

    /// <summary>
    /// Ends the text where the last message's text ends, for a model to go on with it; not together with
    /// <see cref="AddGenerationPrompt"/>. Default false.
    /// </summary>
    public bool ContinueFinalMessage { get; init; }

    /// <summary>The field of the last message that is continued. Default <c>content</c>.</summary>
    public string ContinueFinalMessageField { get; init; } = "content";

    /// <summary>The tools that the model may call, each an object with a JSON schema. Default null: none.</summary>
    public JsonArray? Tools { get; init; }

    /// <summary>Documents for the model to draw on, each an object. Default null: none.</summary>
    public JsonArray? Documents { get; init; }

    /// <summary>
    /// Further variables of the template, such as <c>enable_thinking</c>; they go over the tokenizer's special tokens.
    /// Default null: none.
    /// </summary>
    public JsonObject? Variables { get; init; }

    /// <summary>Which of a tokenizer's templates to use; null: <c>tool_use</c> where there are tools and such a template, else <c>default</c>.</summary>
    public string? TemplateName { get; init; }

    /// <summary>A template to use in place of the tokenizer's own. Default null.</summary>
    public ChatTemplate? Template { get; init; }

    /// <summary>
    /// Takes the text of a special token within messages, tools, documents and variables for that token when ids are asked
    /// for, as Transformers does. Default false: what a user writes cannot spell one.
    /// </summary>
    public bool ParseSpecialTokensInContent { get; init; }

    /// <summary>The local time that <c>strftime_now</c> gives; null: the clock's. Default null.</summary>
    public DateTime? Now { get; init; }

    /// <summary>Checks that the options go together.</summary>
    /// <exception cref="ArgumentException">The field to continue is null or empty, or the last message is to be continued and a new one begun.</exception>
    public void Validate()
    {
        ArgumentException.ThrowIfNullOrEmpty(ContinueFinalMessageField);
        if (ContinueFinalMessage && AddGenerationPrompt)
            throw new ArgumentException(Contradiction, nameof(ContinueFinalMessage));
    }

    /// <summary>What is wrong with continuing the last message and beginning another.</summary>
    internal const string Contradiction =
        "ContinueFinalMessage and AddGenerationPrompt do not go together: the first lets the model go on with the last message, the second begins a new one. Set one of them.";
}
