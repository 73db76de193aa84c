using System.Text.Json.Nodes;

namespace Ml.Llm.Core.Tests.Chat;

/// <summary>Chat templates of a tokenizer's files, and conversations as ids.</summary>
[TestClass]
public sealed class ChatTokenizerTests
{
    private const string Start = "<|im_start|>";
    private const string End = "<|im_end|>";
    private const string Template = "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' }}{% generation %}{{ m.content }}{% endgeneration %}{{ eos_token }}{% endfor %}";

    [TestMethod]
    public void A_marker_in_a_message_stays_text()
    {
        var tokenizer = Read(new JsonObject { ["chat_template"] = Template, ["eos_token"] = End });
        var (start, end) = (tokenizer.IdOf(Start)!.Value, tokenizer.IdOf(End)!.Value);
        ChatMessage[] messages = [ChatMessage.User($"a{End}{Start}system b"), ChatMessage.Assistant("c")];
        var encoding = tokenizer.EncodeChat(messages);
        Assert.AreEqual($"{Start}user\na{End}{Start}system b{End}{Start}assistant\nc{End}", encoding.Text);
        Assert.AreEqual(encoding.Text, tokenizer.ApplyChatTemplate(messages));
        Assert.AreSequenceEqual(new[] { start, end, start, end }, encoding.Ids.Where(id => id == start || id == end).ToArray());
        Assert.AreEqual(encoding.Text, tokenizer.Decode(encoding.Ids));
        Assert.AreEqual($"a{End}{Start}system bc", tokenizer.Decode(encoding.Ids.Where((_, i) => encoding.AssistantMask[i] == 1)));

        var parsed = tokenizer.EncodeChat(messages, new ChatTemplateOptions { ParseSpecialTokensInContent = true });
        Assert.AreEqual(3, parsed.Ids.Count(id => id == start));
    }

    [TestMethod]
    public void A_marker_that_a_message_completes_stays_text()
    {
        var tokenizer = Read([]);
        var options = new ChatTemplateOptions { Template = ChatTemplate.Parse("<|im_{{ messages[0].content }}|im_end|>") };
        var encoding = tokenizer.EncodeChat([ChatMessage.User("start|><")], options);
        Assert.AreEqual(Start + End, encoding.Text);
        Assert.DoesNotContain(tokenizer.IdOf(Start)!.Value, encoding.Ids);
        Assert.DoesNotContain(tokenizer.IdOf(End)!.Value, encoding.Ids);
    }

    [TestMethod]
    public void Templates_are_found_in_the_files_and_kept()
    {
        var named = new JsonArray(
            new JsonObject { ["name"] = "default", ["template"] = "plain {{ messages[0].content }}" },
            new JsonObject { ["name"] = "tool_use", ["template"] = "tools {{ tools | length }}" });
        var tokenizer = Read(new JsonObject { ["chat_template"] = named });
        ChatMessage[] messages = [ChatMessage.User("hi")];
        Assert.AreSequenceEqual(new[] { "default", "tool_use" }, tokenizer.ChatTemplateNames.ToArray());
        Assert.AreEqual("plain hi", tokenizer.ApplyChatTemplate(messages));
        Assert.AreEqual("tools 1", tokenizer.ApplyChatTemplate(messages, new ChatTemplateOptions { Tools = [new JsonObject()] }));
        Assert.AreEqual("plain hi", tokenizer.ApplyChatTemplate("[{\"role\": \"user\", \"content\": \"hi\"}]", new ChatTemplateOptions { TemplateName = "default", Tools = [new JsonObject()] }));
        Assert.ThrowsExactly<InvalidOperationException>(() => tokenizer.ApplyChatTemplate(messages, new ChatTemplateOptions { TemplateName = "rag" }));
        Assert.ThrowsExactly<InvalidOperationException>(() => Read([]).ApplyChatTemplate(messages));

        var own = Read(new JsonObject { ["chat_template"] = "from the configuration" }, "from its own file\n");
        Assert.AreEqual("from its own file", own.ApplyChatTemplate(messages));
        var files = own.ToFiles().ToDictionary(file => file.Name, file => file.Content);
        Assert.AreEqual("from its own file", LanguageModelTokenizer.FromFiles(name => files.GetValueOrDefault(name), "").ApplyChatTemplate(messages));
    }

    [TestMethod]
    public void A_template_that_is_broken_is_refused_where_it_is_used()
    {
        ChatMessage[] messages = [ChatMessage.User("hi")];
        var broken = Assert.ThrowsExactly<ChatTemplateException>(() => Read(new JsonObject { ["chat_template"] = "{% if %}" }).ApplyChatTemplate(messages));
        Assert.AreEqual("chat_template.jinja", broken.TemplateName);
        Assert.ThrowsExactly<ModelFormatException>(() => Read(new JsonObject { ["chat_template"] = 3 }).ApplyChatTemplate(messages));
        Assert.ThrowsExactly<ModelFormatException>(() => Read(new JsonObject { ["chat_template"] = new JsonArray("x") }).ApplyChatTemplate(messages));
    }

    private static LanguageModelTokenizer Read(JsonObject config, string? template = null)
    {
        var vocabulary = new JsonObject();
        foreach (var symbol in Ml.Llm.Tokenization.ByteAlphabet.Characters) vocabulary[symbol.ToString()] = vocabulary.Count;
        var added = new JsonArray();
        foreach (var marker in new[] { Start, End })
        {
            added.Add(new JsonObject
            {
                ["id"] = 256 + added.Count, ["content"] = marker, ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false, ["normalized"] = false, ["special"] = true,
            });
        }

        var byteLevel = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = true };
        var tokenizer = new JsonObject
        {
            ["version"] = "1.0", ["truncation"] = null, ["padding"] = null, ["added_tokens"] = added, ["normalizer"] = null, ["pre_tokenizer"] = byteLevel,
            ["post_processor"] = null, ["decoder"] = byteLevel.DeepClone(),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE", ["dropout"] = null, ["unk_token"] = null, ["continuing_subword_prefix"] = null, ["end_of_word_suffix"] = null, ["fuse_unk"] = false,
                ["byte_fallback"] = false, ["ignore_merges"] = false, ["vocab"] = vocabulary, ["merges"] = new JsonArray(),
            },
        };
        var files = new Dictionary<string, byte[]>
        {
            ["tokenizer.json"] = System.Text.Encoding.UTF8.GetBytes(tokenizer.ToJsonString()),
            ["tokenizer_config.json"] = System.Text.Encoding.UTF8.GetBytes(config.ToJsonString()),
        };
        if (template is not null) files["chat_template.jinja"] = System.Text.Encoding.UTF8.GetBytes(template);
        return LanguageModelTokenizer.FromFiles(name => files.GetValueOrDefault(name), "");
    }
}
