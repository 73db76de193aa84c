using System.Text.Json.Nodes;

namespace Ml.Llm;

/// <summary>One message of a conversation, as chat templates see it.</summary>
/// <remarks>
/// A field that is null is left out. What the named fields do not cover goes into <see cref="Extra"/>, whose fields come
/// after the others, as they are.
/// </remarks>
/// <threadsafety>Immutable itself; JSON nodes given to it must not be changed while it is in use.</threadsafety>
public sealed record ChatMessage
{
    /// <summary>Makes a message.</summary>
    /// <param name="role">Who speaks, such as <c>system</c>, <c>user</c>, <c>assistant</c> or <c>tool</c>.</param>
    /// <param name="content">Text, or an array of parts such as <c>{"type": "text", "text": ...}</c>; null: none.</param>
    /// <exception cref="ArgumentException">The role is null or empty.</exception>
    public ChatMessage(string role, JsonNode? content = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(role);
        Role = role;
        Content = content;
    }

    /// <summary>Who speaks.</summary>
    public string Role { get; init; }

    /// <summary>What is said: text, or an array of parts. Null: nothing, as in a message of tool calls alone.</summary>
    public JsonNode? Content { get; init; }

    /// <summary>The name of who speaks, or of the tool that answers. Default null.</summary>
    public string? Name { get; init; }

    /// <summary>The reasoning before the content. Default null.</summary>
    public string? ReasoningContent { get; init; }

    /// <summary>The tools that the assistant calls: <c>{"type": "function", "function": {"name": ..., "arguments": {...}}}</c>. Default null.</summary>
    public JsonArray? ToolCalls { get; init; }

    /// <summary>The call that a tool's message answers. Default null.</summary>
    public string? ToolCallId { get; init; }

    /// <summary>Further fields. Default null.</summary>
    public JsonObject? Extra { get; init; }

    /// <summary>A message of the system.</summary>
    /// <param name="content">The text.</param>
    public static ChatMessage System(string content) => new("system", content);

    /// <summary>A message of the user.</summary>
    /// <param name="content">The text.</param>
    public static ChatMessage User(string content) => new("user", content);

    /// <summary>A message of the assistant.</summary>
    /// <param name="content">The text.</param>
    public static ChatMessage Assistant(string content) => new("assistant", content);

    /// <summary>The answer of a tool.</summary>
    /// <param name="content">The text.</param>
    /// <param name="toolCallId">The call that it answers; null: not said.</param>
    public static ChatMessage Tool(string content, string? toolCallId = null) => new("tool", content) { ToolCallId = toolCallId };
}
