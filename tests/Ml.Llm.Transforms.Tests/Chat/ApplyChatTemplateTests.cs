using System.Text.Json.Nodes;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Ml.Llm.Transforms.Tests.Chat;

[TestClass]
public sealed class ApplyChatTemplateTests
{
    private const string Template = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}";

    private static readonly string[] s_conversations =
    [
        "[{\"role\": \"user\", \"content\": \"hi\"}]",
        "[{\"role\": \"system\", \"content\": \"be brief\"}, {\"role\": \"user\", \"content\": \"é {{ x }}\"}]",
    ];

    private readonly MLContext ml = new(seed: 1);

    [TestMethod]
    public void Rows_are_written_as_the_template_says()
    {
        var data = Data(s_conversations);
        var pipeline = ml.Llm.Transforms.ApplyChatTemplate(Tokenizer(Template), addGenerationPrompt: true).Append(ml.Llm.Transforms.CleanText("Clean", "Text"));
        var view = pipeline.Fit(data).Transform(data);
        Assert.AreSequenceEqual(["user: hi\nassistant:", "system: be brief\nuser: é {{ x }}\nassistant:"], view.GetColumn<string>("Text").ToArray());
        Assert.AreEqual("user: hi\nassistant:", view.GetColumn<string>("Clean").First());
    }

    [TestMethod]
    public void Ids_hold_the_templates_markers_and_never_those_of_messages()
    {
        const string Marked = "{% for m in messages %}{{ m.content }}{% generation %}!{% endgeneration %}<|endoftext|>{% endfor %}";
        var tokenizer = Tokenizer(Marked);
        var data = Data(["[{\"role\": \"user\", \"content\": \"hi<|endoftext|>\"}]"]);
        var options = new ApplyChatTemplateOptions { InputIdsColumnName = "InputIds", AssistantMasksColumnName = "AssistantMasks" };
        var view = ml.Llm.Transforms.ApplyChatTemplate(tokenizer, options).Fit(data).Transform(data);

        var end = tokenizer.SpecialTokens.Eos!.Value;
        var ids = view.GetColumn<int[]>("InputIds").Single();
        Assert.ContainsSingle(id => id == end, ids);
        Assert.AreEqual(end, ids[^1]);
        Assert.AreEqual("hi<|endoftext|>!<|endoftext|>", tokenizer.Decode(ids));
        var mask = view.GetColumn<int[]>("AssistantMasks").Single();
        Assert.AreSequenceEqual(ids.Select(id => tokenizer.TokenOf(id) == "!" ? 1 : 0).ToArray(), mask);
        Assert.AreEqual("hi<|endoftext|>!<|endoftext|>", view.GetColumn<string>("Text").Single());
    }

    [TestMethod]
    public void A_saved_transformer_gives_the_same_after_loading()
    {
        var data = Data(s_conversations);
        var own = new ApplyChatTemplateOptions
        {
            OutputColumnName = "Own",
            Template = "{{ tools | tojson }}{{ style }}{{ messages | length }}",
            Tools = [new JsonObject { ["name"] = "f", ["x"] = 1.5 }],
            Variables = new JsonObject { ["style"] = "plain" },
        };
        var tokenizer = Tokenizer(Template);
        var model = ml.Llm.Transforms.ApplyChatTemplate(tokenizer).Append(ml.Llm.Transforms.ApplyChatTemplate(tokenizer, own)).Fit(data);
        using var zip = new MemoryStream();
        ml.Model.Save(model, data.Schema, zip);
        zip.Position = 0;
        var loaded = new MLContext().Model.Load(zip, out _).Transform(data);
        Assert.AreSequenceEqual(model.Transform(data).GetColumn<string>("Text").ToArray(), loaded.GetColumn<string>("Text").ToArray());
        Assert.AreSequenceEqual(["[{\"name\": \"f\", \"x\": 1.5}]plain1", "[{\"name\": \"f\", \"x\": 1.5}]plain2"], loaded.GetColumn<string>("Own").ToArray());
    }

    [TestMethod]
    public void Bad_columns_options_and_rows_are_refused()
    {
        var tokenizer = Tokenizer("{% if messages[0].role != 'user' %}{{ raise_exception('user first') }}{% endif %}ok");
        Assert.AreEqual("None", Assert.ThrowsExactly<DataFormatException>(() => ml.Llm.Transforms.ApplyChatTemplate(tokenizer, "Text", "None").Fit(Data(s_conversations))).Column);
        Assert.ThrowsExactly<ArgumentException>(() => ml.Llm.Transforms.ApplyChatTemplate(tokenizer, new ApplyChatTemplateOptions { AddGenerationPrompt = true, ContinueFinalMessage = true }));
        Assert.ThrowsExactly<ChatTemplateException>(() => ml.Llm.Transforms.ApplyChatTemplate(tokenizer, new ApplyChatTemplateOptions { Template = "{% if %}" }));
        Assert.ThrowsExactly<InvalidOperationException>(() => ml.Llm.Transforms.ApplyChatTemplate(tokenizer, new ApplyChatTemplateOptions { TemplateName = "rag" }));

        foreach (var bad in new[] { "[{\"role\": \"system\", \"content\": \"x\"}]", "not json", "[]" })
        {
            var data = Data([s_conversations[0], bad]);
            var view = ml.Llm.Transforms.ApplyChatTemplate(tokenizer).Fit(data).Transform(data);
            var problem = Assert.ThrowsExactly<DataFormatException>(() => view.GetColumn<string>("Text").ToArray());
            Assert.AreEqual(("Messages", 1L), (problem.Column, problem.Row), problem.Message);
        }
    }

    /// <summary>A trained tokenizer, read again with a template beside it.</summary>
    private LanguageModelTokenizer Tokenizer(string template)
    {
        var trained = ml.Llm.Tokenizers.TrainBytePairEncoding(
            Data(s_conversations), new BytePairEncodingOptions { VocabularySize = 270, SpecialTokens = ["<|endoftext|>"], MinFrequency = 1 }, "Messages");
        var files = trained.ToFiles().ToDictionary(static file => file.Name, static file => file.Content);
        files["chat_template.jinja"] = System.Text.Encoding.UTF8.GetBytes(template);
        return LanguageModelTokenizer.FromFiles(files.GetValueOrDefault, "");
    }

    private IDataView Data(string[] conversations) => ml.Data.LoadFromEnumerable(conversations.Select(static text => new Row { Messages = text }));

    private sealed class Row
    {
        public string Messages { get; set; } = "";
    }
}
