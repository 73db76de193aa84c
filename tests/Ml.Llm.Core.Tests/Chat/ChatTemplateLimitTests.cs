using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Ml.Llm.Core.Tests.Chat;

/// <summary>Templates and conversations made to hang, crash or fill the memory end in an error of their limit, soon.</summary>
[TestClass]
public sealed class ChatTemplateLimitTests
{
    private static readonly ChatMessage[] s_messages = [ChatMessage.User("hi")];

    [TestMethod]
    [DataRow("{% for a in range(100000) %}{% for b in range(100000) %}{{ a * b }}{% endfor %}{% endfor %}", DisplayName = "loops in loops")]
    [DataRow("{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}", DisplayName = "loops that do nothing")]
    [DataRow("{{ range(10 ** 12) | list }}", DisplayName = "long range")]
    [DataRow("{{ 'a' * 10 ** 9 }}", DisplayName = "text repeated")]
    [DataRow("{{ ('a' * 10 ** 6) * 10 ** 6 }}", DisplayName = "long text repeated")]
    [DataRow("{{ [0] * 10 ** 10 }}", DisplayName = "list repeated")]
    [DataRow("{{ 9 ** (9 ** 9) }}", DisplayName = "large power")]
    [DataRow("{{ 2 ** (10 ** 12) }}", DisplayName = "larger power")]
    [DataRow("{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}", DisplayName = "text doubled")]
    [DataRow("{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}", DisplayName = "list doubled")]
    [DataRow("{% set ns = namespace(x=[1]) %}{% for i in range(90) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}", DisplayName = "value that holds itself twice")]
    [DataRow("{% set ns = namespace(x=[]) %}{% for i in range(99999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}", DisplayName = "value nested deep")]
    [DataRow("{% set ns = namespace(x=()) %}{% for i in range(90) %}{% set ns.x = (ns.x, ns.x) %}{% endfor %}{{ {ns.x: 1} }}", DisplayName = "key that holds itself twice")]
    [DataRow("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", DisplayName = "macro without end")]
    [DataRow("{% macro m(n) %}{{ m(n + 1) }}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}", DisplayName = "macro without end, twice")]
    [DataRow("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", DisplayName = "recursive loop without end")]
    [DataRow("{{ 'a' | center(10 ** 10) }}", DisplayName = "wide text")]
    [DataRow("{{ '%999999999d' % 1 }}", DisplayName = "wide number")]
    [DataRow("{{ '%.999999999f' % 1.5 }}", DisplayName = "exact number")]
    [DataRow("{{ '{:>999999999}'.format('a') }}", DisplayName = "wide field")]
    [DataRow("{{ [1] | tojson(indent=10 ** 9) }}", DisplayName = "wide indent")]
    [DataRow("{{ 'a\nb' | indent(10 ** 9) }}", DisplayName = "wide margin")]
    [DataRow("{{ [1] | batch(10 ** 12, 0) | list }}", DisplayName = "large batch")]
    [DataRow("{{ [1] | slice(10 ** 12) | list }}", DisplayName = "many slices")]
    [DataRow("{{ ('9' * 100000) | int }}", DisplayName = "long number")]
    [DataRow("{{ ('x' * 1000000).replace('', 'y' * 1000000) }}", DisplayName = "text between all characters")]
    [DataRow("{% set s = 'a' * 4000000 %}{% for i in range(100000) %}{{ 'b' in s }}{% endfor %}", DisplayName = "long searches")]
    [DataRow("{% set l = range(100000) | list %}{% for i in range(100000) %}{{ -1 in l }}{% endfor %}", DisplayName = "long lists searched")]
    public void Endless_work_is_ended(string text)
    {
        var watch = Stopwatch.StartNew();
        var template = ChatTemplate.Parse(text);
        var problem = Assert.ThrowsExactly<ChatTemplateException>(() => template.Render(s_messages));
        Assert.AreEqual(ChatTemplateErrorKind.Limit, problem.Kind, problem.Message);
        Assert.IsGreaterThan(0, problem.Line, problem.Message);
        Assert.IsLessThan(20, watch.Elapsed.TotalSeconds);
    }

    [TestMethod]
    [DataRow("{{ ", "(", "1", ")", " }}")]
    [DataRow("{{ ", "[", "1", "]", " }}")]
    [DataRow("{{ ", "{1: ", "1", "}", " }}")]
    [DataRow("{{ ", "x[", "1", "]", " }}")]
    [DataRow("{{ ", "not ", "1", "", " }}")]
    [DataRow("{{ ", "-", "1", "", " }}")]
    [DataRow("{{ ", "f(", "1", ")", " }}")]
    [DataRow("{{ ", "1 if 1 else ", "1", "", " }}")]
    [DataRow("", "{% if 1 %}", "", "{% endif %}", "")]
    [DataRow("", "{% for x in [1] %}", "", "{% endfor %}", "")]
    [DataRow("", "{% macro m() %}", "", "{% endmacro %}", "")]
    [DataRow("{% set ", "(", "x", ",)", " = 1 %}")]
    public void A_template_that_nests_deep_is_refused(string before, string begin, string inside, string end, string after)
    {
        const int Depth = 100_000;
        var text = before + string.Concat(Enumerable.Repeat(begin, Depth)) + inside + string.Concat(Enumerable.Repeat(end, Depth)) + after;
        var limits = new ChatTemplateLimits { MaxTemplateLength = text.Length };
        var problem = Assert.ThrowsExactly<ChatTemplateException>(() => ChatTemplate.Parse(text, limits: limits));
        Assert.AreEqual(ChatTemplateErrorKind.Limit, problem.Kind, problem.Message);
        Assert.IsGreaterThan(0, problem.Column, problem.Message);
    }

    [TestMethod]
    [DataRow("1", " + 1")]
    [DataRow("x", ".y")]
    [DataRow("x", "[0]")]
    [DataRow("1", " | string")]
    [DataRow("1", " or 0")]
    [DataRow("2", " ** 1")]
    public void An_expression_with_a_long_chain_is_refused_at_rendering(string begin, string link)
    {
        var text = "{{ " + begin + string.Concat(Enumerable.Repeat(link, 100_000)) + " }}";
        var template = ChatTemplate.Parse(text);
        Assert.AreEqual(ChatTemplateErrorKind.Limit, Assert.ThrowsExactly<ChatTemplateException>(() => template.Render(s_messages)).Kind);
    }

    [TestMethod]
    public void A_deep_template_does_not_overflow_a_small_stack()
    {
        var problem = (Exception?)null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    var nested = "{{ " + new string('(', 150) + "m()" + new string(')', 150) + " }}";
                    ChatTemplate.Parse($"{{% macro m() %}}{nested}{{% endmacro %}}{{{{ m() }}}}").Render(s_messages);
                }
                catch (ChatTemplateException expected)
                {
                    problem = expected;
                }
            },
            256 * 1024);
        thread.Start();
        thread.Join();
        Assert.AreEqual(ChatTemplateErrorKind.Limit, Assert.IsInstanceOfType<ChatTemplateException>(problem).Kind);
    }

    [TestMethod]
    public void A_conversation_that_nests_deep_is_refused()
    {
        var template = ChatTemplate.Parse("{{ messages }}");
        JsonNode deep = new JsonArray();
        for (var i = 0; i < 5000; i++) deep = new JsonArray(deep);
        Assert.AreEqual(ChatTemplateErrorKind.Limit, Assert.ThrowsExactly<ChatTemplateException>(() => template.Render([new ChatMessage("user", deep)])).Kind);
        Assert.ThrowsExactly<DataFormatException>(() => template.Render($"[{{\"role\": \"user\", \"content\": {new string('[', 100_000)}"));
        Assert.ThrowsExactly<DataFormatException>(() => template.Render($"[{{\"role\": \"user\", \"content\": {new string('[', 5000)}{new string(']', 5000)}}}]"));
    }

    [TestMethod]
    public void A_template_that_is_too_long_is_refused()
    {
        var problem = Assert.ThrowsExactly<ChatTemplateException>(() => ChatTemplate.Parse(new string('x', 11), limits: new ChatTemplateLimits { MaxTemplateLength = 10 }));
        Assert.AreEqual(ChatTemplateErrorKind.Limit, problem.Kind);
    }

    [TestMethod]
    public void Output_is_bounded()
    {
        var template = ChatTemplate.Parse("{% for i in range(9) %}{{ messages[0].content }}{% endfor %}", limits: new ChatTemplateLimits { MaxTextLength = 80 });
        Assert.AreEqual(ChatTemplateErrorKind.Limit, Assert.ThrowsExactly<ChatTemplateException>(() => template.Render([ChatMessage.User(new string('x', 10))])).Kind);
        Assert.AreEqual(72, template.Render([ChatMessage.User(new string('x', 8))]).Text.Length);
    }
}
