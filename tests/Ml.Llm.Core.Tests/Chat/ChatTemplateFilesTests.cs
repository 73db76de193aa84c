using System.Text;
using Ml.Llm.Core.Tests.Checkpoints;
using Ml.Llm.Core.Tests.Tokenizers;
using Ml.Llm.Models;

namespace Ml.Llm.Core.Tests.Chat;

/// <summary>Where the chat templates of a folder lie, and which of them counts.</summary>
[TestClass]
public sealed class ChatTemplateFilesTests
{
    private const string Default = "chat_template.jinja";
    private const string ToolUse = "additional_chat_templates/tool_use.jinja";
    private const string List = """{"chat_template": [{"name": "default", "template": "old default"}, {"name": "rag", "template": "old rag"}]}""";

    [TestMethod]
    public void Templates_in_files_of_their_own_come_back_byte_for_byte_from_a_folder()
    {
        using var folder = new TemporaryFolder();
        (string, string)[] files = [(Default, "{{ 1 }}\r\n"), (ToolUse, "tools é {{ tools | length }}\n"), ("additional_chat_templates/a-b.1.jinja", "\uFEFFmarked")];
        var read = Read(folder.Combine("given"), files);
        Assert.AreSequenceEqual(new[] { "default", "a-b.1", "tool_use" }, read.ChatTemplateNames.ToArray());

        // Every way of handing it on: another folder, more tokens, another vocabulary.
        read.AddTokens(["<new>"]).SavePretrained(folder.Combine("saved"));
        Retrained(read).SavePretrained(folder.Combine("trained"));
        foreach (var copy in new[] { "saved", "trained" })
        {
            foreach (var (name, text) in files) Assert.AreSequenceEqual(Encoding.UTF8.GetBytes(text), File.ReadAllBytes(folder.Combine($"{copy}/{name}")), name);
            Assert.AreSequenceEqual(read.ChatTemplateNames.ToArray(), LanguageModelTokenizer.FromPretrained(folder.Combine(copy)).ChatTemplateNames.ToArray());
        }

        var again = LanguageModelTokenizer.FromPretrained(folder.Combine("saved/tokenizer.json"));
        Assert.AreEqual("tools é 1", again.ApplyChatTemplate([ChatMessage.User("x")], new ChatTemplateOptions { Tools = [new System.Text.Json.Nodes.JsonObject()] }));
        Assert.AreEqual("marked", again.ApplyChatTemplate([ChatMessage.User("x")], new ChatTemplateOptions { TemplateName = "a-b.1" }));
    }

    [TestMethod]
    public void Files_go_over_the_list_in_the_configuration_and_the_folder_over_the_file()
    {
        using var folder = new TemporaryFolder();
        Check("list", "default=old default, rag=old rag", ("tokenizer_config.json", List));
        Check("file", "default=new", ("tokenizer_config.json", List), (Default, "new"));
        Check("folder", "rag=new rag", ("tokenizer_config.json", List), ("additional_chat_templates/rag.jinja", "new rag"));
        Check("both", "default=newest, tool_use=t", (Default, "new"), (ToolUse, "t"), ("additional_chat_templates/default.jinja", "newest"));
        Check("others", "default=new", (Default, "new"), ("additional_chat_templates/README.md", "no"), ("additional_chat_templates/within/x.jinja", "no"), ("additional_chat_templates/x.jinja.bak", "no"));

        void Check(string name, string expected, params (string, string)[] files)
        {
            var tokenizer = Read(folder.Combine(name), files);
            Assert.AreEqual(expected, Shown(tokenizer));
            // What counts for nothing is kept too, so that others read the copy as they read the folder.
            tokenizer.SavePretrained(folder.Combine(name + " copy"));
            Assert.AreEqual(expected, Shown(LanguageModelTokenizer.FromPretrained(folder.Combine(name + " copy"))));
            if (files[0].Item1 == "tokenizer_config.json") Assert.Contains("old rag", File.ReadAllText(folder.Combine(name + " copy/tokenizer_config.json")));
        }

        static string Shown(LanguageModelTokenizer tokenizer) => string.Join(", ", tokenizer.ChatTemplateNames.Select(name => $"{name}={tokenizer.FindChatTemplate(name)!.Text}"));
    }

    [TestMethod]
    public void A_model_saved_over_another_has_its_own_templates_alone()
    {
        using var folder = new TemporaryFolder();
        var tokenizer = Read(folder.Combine("tokenizer"), (ToolUse, "{{ 1 }}"));
        using var model = LanguageModel.Create(LlamaConfig.Tiny with { HiddenSize = 16, IntermediateSize = 24, NumHiddenLayers = 1 }, tokenizer);
        var target = Directory.CreateDirectory(folder.Combine("model/additional_chat_templates")).Parent!.FullName;
        File.WriteAllText(Path.Combine(target, "additional_chat_templates/rag.jinja"), "another model's");
        model.SaveHuggingFace(target);
        using var again = LanguageModel.FromPretrained(target);
        Assert.AreSequenceEqual(new[] { "tool_use" }, ((LanguageModelTokenizer)again.Tokenizer!).ChatTemplateNames.ToArray());
        Assert.AreSequenceEqual(new[] { "tool_use.jinja" }, Directory.GetFileSystemEntries(Path.Combine(target, "additional_chat_templates")).Select(Path.GetFileName).ToArray());
    }

    [TestMethod]
    public void A_file_that_is_broken_is_named_where_it_is_used()
    {
        using var folder = new TemporaryFolder();
        var tokenizer = Read(folder.Combine("syntax"), (ToolUse, "a\n{% if %}"));
        var syntax = Assert.ThrowsExactly<ChatTemplateException>(() => tokenizer.FindChatTemplate("tool_use"));
        Assert.AreEqual((ToolUse, 2), (syntax.TemplateName, syntax.Line));

        var bytes = Files((ToolUse, ""));
        bytes[ToolUse] = [(byte)'a', 0xFF];
        var notText = LanguageModelTokenizer.FromFiles(bytes.GetValueOrDefault, "", names: bytes.Keys);
        Assert.AreEqual(ToolUse, Assert.ThrowsExactly<ModelFormatException>(() => notText.ChatTemplateNames).File);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow(".hidden")]
    [DataRow("two words")]
    [DataRow("a\\b")]
    [DataRow("..")]
    [DataRow("nul")]
    [DataRow("COM1.x")]
    [DataRow("outil_é")]
    [DataRow("a\n")]
    [DataRow("TOOL_USE")]
    public void A_name_that_some_system_cannot_hold_is_refused(string name)
    {
        var files = Files((ToolUse, "x"), ($"additional_chat_templates/{name}.jinja", "x"));
        var problem = Assert.ThrowsExactly<ModelFormatException>(() => LanguageModelTokenizer.FromFiles(files.GetValueOrDefault, "place", names: files.Keys));
        Assert.IsTrue(problem.File is var file && (file.EndsWith($"/{name}.jinja", StringComparison.Ordinal) || file.EndsWith(ToolUse, StringComparison.Ordinal)), file);
        Assert.IsTrue(file.StartsWith("place", StringComparison.Ordinal), file);
    }

    private static LanguageModelTokenizer Retrained(LanguageModelTokenizer tokenizer) =>
        SimilarTokenizerTrainer.Train(tokenizer, SmallTokenizer.Texts, new SimilarTokenizerOptions { VocabularySize = 300 });

    private static Dictionary<string, byte[]> Files(params (string Name, string Text)[] files)
    {
        var all = files.ToDictionary(static file => file.Name, static file => Encoding.UTF8.GetBytes(file.Text));
        all["tokenizer.json"] = SmallTokenizer.Trained.ToJsonBytes();
        return all;
    }

    private static LanguageModelTokenizer Read(string folder, params (string Name, string Text)[] files)
    {
        foreach (var (name, content) in Files(files))
        {
            var path = Path.Combine(folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, content);
        }

        return LanguageModelTokenizer.FromPretrained(folder);
    }
}
