using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ml.Llm.Golden.Tests.Chat;

/// <summary>Conversations as ids, with the mask of what the template marks as the assistant's.</summary>
[TestClass, TestCategory("golden-chat")]
public sealed class AssistantMaskTests
{
    private static readonly Lazy<LanguageModelTokenizer> s_tokenizer = new(() => LanguageModelTokenizer.FromPretrained(GoldenFolder.At(ChatCases.Area, "tokenizer.json")));

    public static IEnumerable<object[]> Masks => GoldenFolder.Rows(
        ChatCases.Area, ChatCases.Conversations, _ => ChatCases.Names(ChatCases.Conversations).Select(static row => (string)row[0]).Where(static id => ChatCases.Conversation(id).TryGetProperty("ids", out JsonElement _)));

    [TestMethod, DynamicData(nameof(Masks))]
    public void Ids_and_masks_are_those_of_the_peer(string id)
    {
        GoldenFolder.Require(ChatCases.Area, id);
        var line = ChatCases.Conversation(id);
        var messages = line.Get("messages").GetRawText();
        // The peer takes special tokens from users' text too.
        var options = ChatCases.Options(line) with { Template = ChatCases.Template(line), ParseSpecialTokensInContent = true };
        var encoding = s_tokenizer.Value.EncodeChat(messages, options);
        Assert.AreEqual(line.Text("text"), encoding.Text);
        Assert.AreSequenceEqual(Integers(line, "ids"), encoding.Ids.ToArray());
        Assert.AreSequenceEqual(Integers(line, "assistant_masks"), encoding.AssistantMask.ToArray());

        // By default that differs only where a message spells one.
        var safe = s_tokenizer.Value.EncodeChat(messages, options with { ParseSpecialTokensInContent = false });
        if (SpellsMarker(JsonNode.Parse(messages))) Assert.IsGreaterThan(encoding.Ids.Count, safe.Ids.Count);
        else Assert.AreSequenceEqual(encoding.Ids.ToArray(), safe.Ids.ToArray());
        Assert.AreEqual(encoding.Text, s_tokenizer.Value.Decode(safe.Ids));
    }

    private static int[] Integers(JsonElement line, string name) => [.. line.Get(name).EnumerateArray().Select(static item => item.GetInt32())];

    private static bool SpellsMarker(JsonNode? node) => node switch
    {
        JsonArray array => array.Any(SpellsMarker),
        JsonObject fields => fields.Any(static field => SpellsMarker(field.Value)),
        JsonValue value when value.TryGetValue<string>(out var text) => s_tokenizer.Value.Pipeline.AddedTokens.Any(token => text.Contains(token.Content, StringComparison.Ordinal)),
        _ => false,
    };
}
