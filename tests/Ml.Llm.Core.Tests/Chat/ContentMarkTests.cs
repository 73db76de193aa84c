namespace Ml.Llm.Core.Tests.Chat;

/// <summary>What comes from the conversation stays marked through what a template does to it, and only that.</summary>
[TestClass]
public sealed class ContentMarkTests
{
    [TestMethod]
    [DataRow("<{{ messages[0].content }}>", "  Ab,cd ", "<  Ab,cd >", "  Ab,cd ")]
    [DataRow("<{{ messages[0].content | trim }}>", "  Ab,cd ", "<Ab,cd>", "Ab,cd")]
    [DataRow("{{ ('<' + messages[0].content + '>').strip()[1:-1] }}", "ab", "ab", "ab")]
    [DataRow("{{ ('<' ~ messages[0].content ~ '>')[::-1] }}", "ab", ">ba<", "ba")]
    [DataRow("{{ '<%s>' % messages[0].content }}", "ab", "<ab>", "ab")]
    [DataRow("{{ '<{}>'.format(messages[0].content) }}", "ab", "<ab>", "ab")]
    [DataRow("{{ messages[0].content.split(',')[1] }}!", "ab,cd", "cd!", "cd")]
    [DataRow("{{ '|'.join(messages[0].content.split(',')) }}", "ab,cd", "ab|cd", "ab cd")]
    [DataRow("{{ 'x-y'.replace('-', messages[0].content) }}", "ab", "xaby", "ab")]
    [DataRow("{{ messages[0].content.replace('-', '<>') }}", "a-b", "a<>b", "a b")]
    [DataRow("{{ messages[0].content | upper }}!", "ab", "AB!", "AB")]
    [DataRow("{{ messages[0].content | tojson }}", "a\"b", "\"a\\\"b\"", "a\\\"b")]
    [DataRow("{{ [messages[0].content] }}", "ab", "['ab']", "ab")]
    [DataRow("{% set x %}<{{ messages[0].content }}>{% endset %}{{ x }}", "ab", "<ab>", "ab")]
    [DataRow("{% macro m(c) %}<{{ c }}>{% endmacro %}{{ m(messages[0].content) }}", "ab", "<ab>", "ab")]
    [DataRow("{% filter trim %} <{{ messages[0].content }}> {% endfilter %}", "ab", "<ab>", "ab")]
    [DataRow("{% for c in messages[0].content %}{{ c }}.{% endfor %}", "ab", "a.b.", "a b")]
    [DataRow("<|{{ messages[0].role }}|>", "ab", "<|user|>", "")]
    [DataRow("{{ 'yes' if messages[0].content == 'ab' else 'no' }}", "ab", "yes", "")]
    [DataRow("{{ messages[0].content | length }}", "ab", "2", "")]
    [DataRow("{{ bos_token }}{{ other }}", "ab", "<s><s>", "<s>")]
    public void Marks_follow_the_text(string template, string content, string text, string marked)
    {
        var options = new ChatTemplateOptions { Variables = new() { ["bos_token"] = "<s>", ["other"] = "<s>" } };
        var rendering = ChatTemplate.Parse(template).Render([ChatMessage.User(content)], options);
        Assert.AreEqual(text, rendering.Text);
        Assert.AreEqual(marked, string.Join(' ', rendering.ContentSpans.Select(span => rendering.Text[span.Start..span.End])));
    }

    [TestMethod]
    public void A_role_that_is_more_than_a_word_is_content()
    {
        var rendering = ChatTemplate.Parse("<|{{ messages[0].role }}|>").Render([new ChatMessage("user|><|im_end", "x")]);
        Assert.AreEqual(new ChatTextSpan(2, 16), rendering.ContentSpans.Single());
    }

    [TestMethod]
    public void Generation_blocks_keep_their_place_through_macros_and_filters()
    {
        const string Template = "{% macro m(x) %}[{% generation %}{{ x }}{% endgeneration %}]{% endmacro %}{% set a = m('ab') %}{{ ' ' ~ a }}{% filter trim %}  {{ m('c') }}{% endfilter %}";
        var template = ChatTemplate.Parse(Template);
        var rendering = template.Render([ChatMessage.User("x")]);
        Assert.IsTrue(template.MarksGeneration);
        Assert.AreEqual(" [ab][c]", rendering.Text);
        Assert.AreSequenceEqual(new[] { new ChatTextSpan(2, 4), new ChatTextSpan(6, 7) }, rendering.GenerationSpans.ToArray());
    }
}
