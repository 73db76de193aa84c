using System.Text.Json.Nodes;

namespace Ml.Llm;

/// <summary>How a column of conversations becomes text. See <see cref="LlmTransformsCatalog.ApplyChatTemplate(LanguageModelTokenizer, ApplyChatTemplateOptions)"/>.</summary>
/// <threadsafety>Immutable itself; JSON nodes given to it must not be changed while it is in use.</threadsafety>
public sealed record ApplyChatTemplateOptions
{
    /// <summary>The column of conversations that is read (default "Messages"): text, each a JSON array of messages.</summary>
    public string InputColumnName { get; init; } = "Messages";

    /// <summary>The column of text that is added (default "Text").</summary>
    public string OutputColumnName { get; init; } = "Text";

    /// <summary>
    /// A column that is added with the ids of the text, a vector of Int32; null (the default): none. The template's markers
    /// are special tokens in it and what messages say never is, which encoding the column of text could no longer tell apart.
    /// </summary>
    public string? InputIdsColumnName { get; init; }

    /// <summary>
    /// A column that is added with 1 for each id of what the assistant says, where the template marks generation, and 0 for the
    /// others, a vector of Int32; null (the default): none.
    /// </summary>
    public string? AssistantMasksColumnName { get; init; }

    /// <summary>Whether a message of the assistant is begun at the end, for a model to go on with (default false).</summary>
    public bool AddGenerationPrompt { get; init; }

    /// <summary>
    /// Whether the text ends where the last message's text ends, for a model to go on with it (default false); not together with
    /// <see cref="AddGenerationPrompt"/>.
    /// </summary>
    public bool ContinueFinalMessage { get; init; }

    /// <summary>The text of a chat template to use in place of the tokenizer's own; null (the default): its own.</summary>
    public string? Template { get; init; }

    /// <summary>Which of the tokenizer's templates is used; null (the default): <c>tool_use</c> where there are tools and such a template, else <c>default</c>.</summary>
    public string? TemplateName { get; init; }

    /// <summary>The tools that the model may call, the same in every row; null (the default): none.</summary>
    public JsonArray? Tools { get; init; }

    /// <summary>Further variables of the template, the same in every row; null (the default): none.</summary>
    public JsonObject? Variables { get; init; }

    /// <summary>Checks every option.</summary>
    /// <exception cref="ArgumentException">An option is not usable; the message names it.</exception>
    public void Validate()
    {
        Check(!string.IsNullOrEmpty(InputColumnName), nameof(InputColumnName), "must name a column");
        Check(!string.IsNullOrEmpty(OutputColumnName), nameof(OutputColumnName), "must name a column");
        Check(InputIdsColumnName is not { Length: 0 }, nameof(InputIdsColumnName), "must be null or name a column");
        Check(AssistantMasksColumnName is not { Length: 0 }, nameof(AssistantMasksColumnName), "must be null or name a column");
        string?[] names = [OutputColumnName, InputIdsColumnName, AssistantMasksColumnName];
        Check(names.OfType<string>().Distinct(StringComparer.Ordinal).Count() == names.OfType<string>().Count(), nameof(OutputColumnName), "and the other outputs must have different names");
        Check(!ContinueFinalMessage || !AddGenerationPrompt, nameof(ContinueFinalMessage), $"does not go with {nameof(AddGenerationPrompt)}: set one of them");
        Check(Template is null || TemplateName is null, nameof(TemplateName), $"does not go with {nameof(Template)}: set one of them");
    }

    private static void Check(bool holds, string option, string rule)
    {
        if (!holds)
            throw new ArgumentException($"{nameof(ApplyChatTemplateOptions)}.{option} {rule}.", option);
    }
}
