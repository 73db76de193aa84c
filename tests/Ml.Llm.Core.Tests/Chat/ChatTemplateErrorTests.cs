using System.Text.Json.Nodes;

namespace Ml.Llm.Core.Tests.Chat;

/// <summary>Errors say what is wrong and where; conversations that do not do are refused.</summary>
[TestClass]
public sealed class ChatTemplateErrorTests
{
    private static readonly ChatMessage[] s_messages = [ChatMessage.User("hi")];

    [TestMethod]
    [DataRow("a\n  {% if x %}\nb", ChatTemplateErrorKind.Syntax, 3, 2, "'if'")]
    [DataRow("{{ 'x' | nofilter }}", ChatTemplateErrorKind.Syntax, 1, 10, "'nofilter'")]
    [DataRow("\n\n{{ 1 is notest }}", ChatTemplateErrorKind.Syntax, 3, 9, "'notest'")]
    [DataRow("{% block x %}{% endblock %}", ChatTemplateErrorKind.Syntax, 1, 4, "'block'")]
    [DataRow("{% autoescape true %}", ChatTemplateErrorKind.Syntax, 1, 4, "'autoescape'")]
    [DataRow("{{ x | random }}", ChatTemplateErrorKind.Syntax, 1, 8, "'random'")]
    [DataRow("x{# never ends", ChatTemplateErrorKind.Syntax, 1, 2, "comment")]
    [DataRow("{% raw %} never ends", ChatTemplateErrorKind.Syntax, 1, 1, "raw")]
    [DataRow("{{ a @ b }}", ChatTemplateErrorKind.Syntax, 1, 6, "'@'")]
    [DataRow("{{ (a }}", ChatTemplateErrorKind.Syntax, 1, 7, "'}'")]
    [DataRow("{% break %}", ChatTemplateErrorKind.Syntax, 1, 4, "'break'")]
    [DataRow("{% set true = 1 %}", ChatTemplateErrorKind.Syntax, 1, 8, "'true'")]
    [DataRow("{{ \"\\N{DASH}\" }}", ChatTemplateErrorKind.Syntax, 1, 5, "by name")]
    [DataRow("ok\n{{ messages[0].content\n   + 1 }}", ChatTemplateErrorKind.Type, 3, 4, "can only concatenate str")]
    [DataRow("{{ messages[7].content }}", ChatTemplateErrorKind.Undefined, 1, 15, "has no element 7")]
    [DataRow("{{ messages.append(1) }}", ChatTemplateErrorKind.Security, 1, 19, "'append'")]
    [DataRow("a{{ raise_exception('no ' ~ 'way') }}", ChatTemplateErrorKind.RaiseException, 1, 20, "no way")]
    [DataRow("{{ 'abc'.index('z') }}", ChatTemplateErrorKind.Value, 1, 15, "substring not found")]
    [DataRow("{% macro m(a) %}\n{{ a.b.c }}{% endmacro %}{{ m({}) }}", ChatTemplateErrorKind.Undefined, 2, 7, "'b'")]
    [DataRow("{% for a, b in [[1]] %}{% endfor %}", ChatTemplateErrorKind.Value, 1, 8, "not enough values")]
    public void Errors_say_where(string text, ChatTemplateErrorKind kind, int line, int column, string what)
    {
        var problem = Assert.ThrowsExactly<ChatTemplateException>(() => ChatTemplate.Parse(text, "my template").Render(s_messages));
        Assert.AreEqual(kind, problem.Kind, problem.Message);
        Assert.Contains(what, problem.Reason);
        Assert.AreEqual((line, column), (problem.Line, problem.Column), problem.Message);
        Assert.AreEqual("my template", problem.TemplateName);
        Assert.Contains($"my template, line {line}, column {column}", problem.Message);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("{}")]
    [DataRow("[1]")]
    [DataRow("[{\"role\": \"user\",}]")]
    [DataRow("[{\"role\": \"user\", \"role\": \"user\"}]")]
    [DataRow("[{\"role\": \"user\", \"content\": \"\\ud800\"}]")]
    public void Text_that_is_no_conversation_is_refused(string json) =>
        Assert.ThrowsExactly<DataFormatException>(() => ChatTemplate.Parse("{{ messages }}").Render(json));

    [TestMethod]
    public void A_message_continues_only_where_its_text_is_there()
    {
        var template = ChatTemplate.Parse("{% for m in messages %}{{ m.content | trim }}|{% endfor %}");
        var continues = new ChatTemplateOptions { ContinueFinalMessage = true };
        Assert.AreEqual("a|b", template.Render([ChatMessage.User("a"), ChatMessage.Assistant(" b ")], continues).Text);
        Refused(template, [], continues);
        Refused(template, [new ChatMessage("assistant")], continues);
        Refused(template, [new ChatMessage("assistant", new JsonArray(new JsonObject { ["type"] = "image" }))], continues);
        Refused(template, s_messages, continues with { AddGenerationPrompt = true });
        Refused(ChatTemplate.Parse("{{ messages[0].content | upper }}"), s_messages, continues);
        Assert.ThrowsExactly<ArgumentException>(() => (continues with { AddGenerationPrompt = true }).Validate());

        static void Refused(ChatTemplate template, ChatMessage[] messages, ChatTemplateOptions options) =>
            Assert.AreEqual(ChatTemplateErrorKind.Argument, Assert.ThrowsExactly<ChatTemplateException>(() => template.Render(messages, options)).Kind);
    }

    [TestMethod]
    public void Messages_as_records_are_those_of_their_json()
    {
        var template = ChatTemplate.Parse("{{ messages | tojson }}{{ tools | tojson }}{{ n }}");
        var call = new JsonObject { ["type"] = "function", ["function"] = new JsonObject { ["name"] = "f", ["arguments"] = new JsonObject { ["x"] = 2.0, ["y"] = 2 } } };
        ChatMessage[] messages =
        [
            ChatMessage.System("be brief"),
            new("assistant") { ToolCalls = new JsonArray(call), ReasoningContent = "hm" },
            ChatMessage.Tool("3", "c1") with { Name = "f", Extra = new JsonObject { ["weight"] = 0, ["none"] = null } },
        ];
        var options = new ChatTemplateOptions { Tools = [new JsonObject { ["name"] = "f" }], Variables = new JsonObject { ["n"] = 1.0 } };
        Assert.AreEqual(
            "[{\"role\": \"system\", \"content\": \"be brief\"}, {\"role\": \"assistant\", \"reasoning_content\": \"hm\", \"tool_calls\": "
            + "[{\"type\": \"function\", \"function\": {\"name\": \"f\", \"arguments\": {\"x\": 2.0, \"y\": 2}}}], \"thinking\": \"hm\"}, "
            + "{\"role\": \"tool\", \"content\": \"3\", \"name\": \"f\", \"tool_call_id\": \"c1\", \"weight\": 0}][{\"name\": \"f\"}]1.0",
            template.Render(messages, options).Text);
    }
}
