namespace Ml.Llm.Golden.Tests.Chat;

/// <summary>Conversations and small expressions through chat templates: the text, or the kind of error, that Transformers gives.</summary>
[TestClass, TestCategory("golden-chat")]
public sealed class ChatTemplateTests
{
    public static IEnumerable<object[]> Conversations => ChatCases.Names(ChatCases.Conversations);

    public static IEnumerable<object[]> Expressions => ChatCases.Names(ChatCases.Expressions);

    [TestMethod, DynamicData(nameof(Conversations))]
    public void Conversations_are_written_as_the_peer_writes_them(string id)
    {
        GoldenFolder.Require(ChatCases.Area, id);
        var line = ChatCases.Conversation(id);
        ChatCases.Check(line, () =>
        {
            var rendering = ChatCases.Template(line).Render(line.Get("messages").GetRawText(), ChatCases.Options(line));
            if (line.TryGetProperty("generation_spans_utf16", out var spans))
            {
                int[] expected = [.. spans.EnumerateArray().SelectMany(static span => span.EnumerateArray()).Select(static place => place.GetInt32())];
                Assert.AreSequenceEqual(expected, rendering.GenerationSpans.SelectMany(static span => new[] { span.Start, span.End }).ToArray());
            }

            return rendering.Text;
        });
    }

    [TestMethod, DynamicData(nameof(Expressions))]
    public void Expressions_have_the_value_that_the_peer_gives(string i)
    {
        GoldenFolder.Require(ChatCases.Area, i);
        var line = ChatCases.Expression(i);
        NotYet.SkipFeatures(line);
        var variables = File.ReadAllText(GoldenFolder.At(ChatCases.Area, "expressions_variables.json"));
        ChatCases.Check(line, () => ChatTemplate.Parse(line.Text("template")).Render(variables, ChatCases.Now));
    }
}
