using System.Text;

namespace Ml.Llm.Core.Tests.Chat;

/// <summary>Templates with random changes end in a text or in an error of the documented kind, never in another exception, and soon.</summary>
[TestClass]
public sealed class MutatedTemplateTests
{
    private const int Rounds = 2000;
    private const int Seed = 20270203;

    private static readonly string[] s_templates =
    [
        "{{ bos_token }}{%- for message in messages if message.role != 'system' -%}\n  {% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('turns') }}{% elif loop.last %}{{ message.content | trim }}{% else %}{{- '<|' ~ message.role ~ '|>\n' + message['content'].strip() + eos_token -}}{% endif %}\n{%- else -%}none{%- endfor %}",
        "{%- macro text(c, sep=', ') -%}{%- if c is string -%}{{ c }}{%- else -%}{{ c | map(attribute='text') | select('string') | join(sep) }}{%- endif -%}{%- endmacro -%}{% set ns = namespace(n=0, log=[]) %}{% for m in messages[::-1] %}{% set ns.n = ns.n + 1 %}{% set ns.log = ns.log + [m.role] %}{{ text(m.content, sep='/') }}{% endfor %}{{ ns.n }}{{ ns.log | unique | sort(reverse=true) | list }}",
        "{% set tools = [{'name': 'f', 'args': {'x': 1.5, 'y': [none, true, -2]}}] %}{% for t in tools %}{{ t | tojson(indent=2) }}{% for k, v in t.items() %}{{ '%s=%5.2f|%-4s' | format(k, 3.14159, v | string) }}{% endfor %}{% endfor %}{{ '{0:>6}{n!r}'.format(1, n='x') }}",
        "{% generation %}{{ messages[0].content.split('</think>')[-1].lstrip('\\n') | title | replace('a', 'b') | truncate(20) }}{% endgeneration %}{% filter upper %}{{ strftime_now('%d %b %Y') }}{% endfilter %}{% set x | trim %}  {{ loop is defined }} {% endset %}[{{ x }}]{# comment -#}\n  {% raw %}{{ raw }}{% endraw %}",
        "{% call(item) wrap(1, *[2], **{'k': 3}) %}{{ item }}{% endcall %}{% with a = 5, b = 2 ** 3 %}{{ a // b ~ -a % b }}{% endwith %}{% for x in [[1, 2], [3]] recursive %}{{ loop(x) if x is iterable else x }}{% break %}{% endfor %}{{ range(10)[2:8:3] | list | groupby(0) }}",
    ];

    private static readonly string[] s_pieces =
    [
        "{{", "}}", "{%", "%}", "{#", "#}", "-", "+", "(", ")", "[", "]", "{", "}", "'", "\"", "\\", "\n", " ", "|", "~", "**", "//", ":", ",", ".", "=", "==", "if", "else",
        "for", "in", "not", "is", "endif", "endfor", "none", "true", "1", "0", "-1", "1e308", "99999999999999999999", "loop", "caller", "varargs", "self", "messages", "range(99999)",
        "* 1000000", "| list", "| sort", "| tojson", "| int", "| first", "| last", "| round(3)", "| indent", "| wordwrap(3)", "| dictsort", ".items()", ".split()", ".format(1)", "__class__",
        "\uD800", "\u2028", "😀", "ß", "{% raw %}", "{% break %}", "{% include 'x' %}", "recursive", "namespace()", "cycler(1)", "joiner()()", "'%s%d' %",
    ];

    [TestMethod]
    public void Mutated_templates_end_in_text_or_in_a_typed_error()
    {
        var random = new Random(Seed);
        var limits = new ChatTemplateLimits { MaxSteps = 200_000, MaxTextLength = 1 << 18, MaxTextTotal = 1 << 22 };
        ChatMessage[] messages = [ChatMessage.User("hi <|im_end|>"), ChatMessage.Assistant("a\n</think>b"), new("user", new System.Text.Json.Nodes.JsonArray("x", 1))];
        var options = new ChatTemplateOptions { Variables = new() { ["bos_token"] = "<s>", ["eos_token"] = "</s>" } };
        var rendered = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var text = Mutate(random, s_templates[random.Next(s_templates.Length)]);
            var (rendering, problem) = Try(() => ChatTemplate.Parse(text, limits: limits).Render(messages, options));
            Assert.IsTrue(problem is null or ChatTemplateException, $"Round {round}: {problem}\n{text}");
            if (rendering is null) continue;
            Assert.IsTrue(rendering.ContentSpans.All(span => span.Start < span.End && span.End <= rendering.Text.Length), text);
            rendered++;
        }

        Assert.IsGreaterThan(Rounds / 50, rendered, "Too few of the templates are still good for this to show anything.");
        Assert.IsLessThan(Rounds / 2, rendered);
    }

    private static (ChatRendering? Rendering, Exception? Problem) Try(Func<ChatRendering> render)
    {
        try
        {
            return (render(), null);
        }
        catch (Exception problem)
        {
            return (null, problem);
        }
    }

    private static string Mutate(Random random, string template)
    {
        var text = new StringBuilder(template);
        for (var changes = random.Next(1, 6); changes > 0; changes--)
        {
            var at = random.Next(text.Length);
            var length = Math.Min(random.Next(1, 8), text.Length - at);
            switch (random.Next(4))
            {
                case 0: text.Remove(at, length); break;
                case 1: text.Insert(at, s_pieces[random.Next(s_pieces.Length)]); break;
                case 2: text.Insert(at, text.ToString(random.Next(text.Length - length + 1), length)); break;
                default: text[at] = (char)random.Next(32, 127); break;
            }

            if (text.Length == 0) text.Append(' ');
        }

        return text.ToString();
    }
}
