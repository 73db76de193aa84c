using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ml.Llm.Golden.Tests.Chat;

/// <summary>The files of golden/chat, read once.</summary>
internal static class ChatCases
{
    internal const string Area = "chat";
    internal const string Conversations = "cases.jsonl";
    internal const string Expressions = "expressions.jsonl";

    private static readonly Lazy<Dictionary<string, JsonElement>> s_conversations = new(() => Read(Conversations, "id"));
    private static readonly Lazy<Dictionary<string, JsonElement>> s_expressions = new(() => Read(Expressions, "i"));

    private static readonly Dictionary<string, ChatTemplateErrorKind> s_kinds = new(StringComparer.Ordinal)
    {
        ["syntax"] = ChatTemplateErrorKind.Syntax,
        ["raise_exception"] = ChatTemplateErrorKind.RaiseException,
        ["undefined"] = ChatTemplateErrorKind.Undefined,
        ["type"] = ChatTemplateErrorKind.Type,
        ["value"] = ChatTemplateErrorKind.Value,
        ["security"] = ChatTemplateErrorKind.Security,
        ["runtime"] = ChatTemplateErrorKind.Runtime,
        ["division by zero"] = ChatTemplateErrorKind.DivisionByZero,
        ["argument"] = ChatTemplateErrorKind.Argument,
    };

    /// <summary>The instant that strftime_now sees.</summary>
    internal static DateTime Now => DateTime.Parse(Json.Read(GoldenFolder.At(Area, "settings.json")).Text("now"), System.Globalization.CultureInfo.InvariantCulture);

    internal static IEnumerable<object[]> Names(string file) =>
        GoldenFolder.Rows(Area, file, _ => (file == Conversations ? s_conversations : s_expressions).Value.Keys);

    internal static JsonElement Conversation(string id) => s_conversations.Value[id];

    internal static JsonElement Expression(string i) => s_expressions.Value[i];

    /// <summary>The template of a case, parsed.</summary>
    internal static ChatTemplate Template(JsonElement line)
    {
        var name = line.Text("template");
        return ChatTemplate.Parse(File.ReadAllText(GoldenFolder.At(Area, "templates", name + ".jinja")), name);
    }

    /// <summary>The options of a case; a field that is not known here fails it.</summary>
    internal static ChatTemplateOptions Options(JsonElement line)
    {
        var options = new ChatTemplateOptions { Now = Now };
        foreach (var field in line.EnumerateObject())
        {
            options = field.Name switch
            {
                "add_generation_prompt" => options with { AddGenerationPrompt = field.Value.GetBoolean() },
                "continue_final_message" when field.Value.ValueKind == JsonValueKind.String =>
                    options with { ContinueFinalMessage = true, ContinueFinalMessageField = field.Value.GetString()! },
                "continue_final_message" => options with { ContinueFinalMessage = field.Value.GetBoolean() },
                "tools" => options with { Tools = JsonArray.Create(field.Value) },
                "documents" => options with { Documents = JsonArray.Create(field.Value) },
                "kwargs" => options with { Variables = JsonObject.Create(field.Value) },
                "id" or "template" or "messages" or "text" or "error" or "generation_spans" or "generation_spans_utf16" or "ids" or "assistant_masks" => options,
                _ => throw new AssertFailedException($"The case has the field {field.Name}, which is not known here."),
            };
        }

        return options;
    }

    /// <summary>Fails unless rendering ends as the case says: in its text, or in an error of its kind.</summary>
    internal static void Check(JsonElement line, Func<string> render)
    {
        if (!line.TryGetProperty("error", out var error))
        {
            Assert.AreEqual(line.Text("text"), render());
            return;
        }

        var kind = error.Text("kind");
        Assert.IsTrue(s_kinds.ContainsKey(kind), $"The kind of error {kind} is not known here.");
        var problem = Assert.ThrowsExactly<ChatTemplateException>(() => render());
        Assert.AreEqual(s_kinds[kind], problem.Kind, problem.Message);
        if (problem.Kind == ChatTemplateErrorKind.RaiseException) Assert.AreEqual(error.Text("message"), problem.Reason);
        if (problem.Kind != ChatTemplateErrorKind.Argument) Assert.IsGreaterThan(0, problem.Line, problem.Message);
    }

    private static Dictionary<string, JsonElement> Read(string file, string key)
    {
        var cases = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var text in File.ReadLines(GoldenFolder.At(Area, file)).Where(static text => text.Length > 0))
        {
            using var document = JsonDocument.Parse(text);
            var line = document.RootElement.Clone();
            cases.Add(line.Get(key).ToString(), line);
        }

        return cases;
    }
}
