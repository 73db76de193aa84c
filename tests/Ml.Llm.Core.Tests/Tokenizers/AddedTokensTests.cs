using System.Text;
using System.Text.Json.Nodes;
using Ml.Llm.Core.Tests.Checkpoints;

namespace Ml.Llm.Core.Tests.Tokenizers;

[TestClass]
public sealed class AddedTokensTests
{
    private static LanguageModelTokenizer Trained => SmallTokenizer.Trained;

    [TestMethod]
    public void New_tokens_follow_the_vocabulary_and_are_found_as_wholes()
    {
        var size = Trained.VocabularySize;
        var extended = Trained.AddTokens(["<tool>", "e"]).AddTokens([new AddedTokenOptions("<end>") { Special = true, Rstrip = true }]);
        Assert.AreEqual(size, extended.IdOf("<tool>"));
        Assert.AreEqual(size + 1, extended.IdOf("<end>"));
        Assert.AreEqual(Trained.IdOf("e"), extended.IdOf("e"));
        Assert.AreEqual(size, Trained.VocabularySize);
        Assert.Contains(size, extended.EncodeToIds("a<tool>b"));
        Assert.DoesNotContain(size + 1, extended.EncodeToIds("a<end>  b"));
        Assert.Contains(size + 1, extended.Encode("a<end>  b", new() { ParseSpecialTokens = true }).Ids);
        Assert.AreEqual("ab", extended.Decode(extended.Encode("a<end>b", new() { ParseSpecialTokens = true }).Ids, skipSpecialTokens: true));
    }

    [TestMethod]
    public void A_token_that_is_null_or_empty_is_refused()
    {
        Assert.Throws<ArgumentException>(() => Trained.AddTokens([""]));
        Assert.Throws<ArgumentException>(() => Trained.AddTokens((IEnumerable<AddedTokenOptions>)[null!]));
        Assert.Throws<ArgumentException>(() => Trained.WithSpecialTokens(new() { Pad = 123_456 }));
        Assert.Throws<ArgumentException>(() => Trained.WithSpecialTokens(new() { AdditionalSpecialTokens = [-1] }));
    }

    [TestMethod]
    public void All_files_are_saved_and_carry_what_was_read_and_what_has_changed()
    {
        var json = Trained.AddTokens(["[CLS]", "[SEP]", "<a>"], special: true).ToJsonBytes();
        var files = new Dictionary<string, byte[]>
        {
            ["tokenizer.json"] = json,
            ["tokenizer_config.json"] = Encoding.UTF8.GetBytes("""
                {"tokenizer_class": "Own", "cls_token": {"content": "[CLS]", "lstrip": true}, "chat_template": "{{ 1 }} é", "additional_special_tokens": ["<a>"],
                 "added_tokens_decoder": {"0": {"content": "<|endoftext|>", "special": true}}, "model_max_length": 1000000000000000019884624838656, "list": [1.50, [], {}]}
                """),
            ["special_tokens_map.json"] = """{"sep_token": "[SEP]"}"""u8.ToArray(),
            ["chat_template.jinja"] = "{{ 2 }}\n"u8.ToArray(),
        };
        var read = LanguageModelTokenizer.FromFiles(files.GetValueOrDefault, "model");
        using var folder = new TemporaryFolder();

        read.SavePretrained(folder.Combine("same"));
        var padded = read.AddTokens(["[PAD]"], special: true);
        padded = padded.WithSpecialTokens(padded.SpecialTokens with { Pad = padded.IdOf("[PAD]"), AdditionalSpecialTokens = [] });
        padded.SavePretrained(folder.Combine("changed"));

        Assert.AreEqual(Trained.VocabularySize, read.SpecialTokens.Cls);
        Assert.AreEqual(Trained.VocabularySize + 1, read.SpecialTokens.Sep);
        Assert.AreSequenceEqual((int[])[Trained.VocabularySize + 2], read.SpecialTokens.AdditionalSpecialTokens.ToArray());
        foreach (var (name, content) in files)
        {
            var saved = File.ReadAllBytes(folder.Combine($"same/{name}"));
            if (name.EndsWith(".json", StringComparison.Ordinal)) Assert.IsTrue(JsonNode.DeepEquals(JsonNode.Parse(content), JsonNode.Parse(saved)), name);
            else Assert.AreSequenceEqual(content, saved, name);
        }

        var config = JsonNode.Parse(File.ReadAllBytes(folder.Combine("changed/tokenizer_config.json")))!;
        Assert.AreEqual("[PAD]", (string)config["pad_token"]!);
        Assert.AreEqual("{{ 1 }} é", (string)config["chat_template"]!);
        Assert.IsEmpty(config["additional_special_tokens"]!.AsArray());
        Assert.AreEqual("[PAD]", (string)config["added_tokens_decoder"]![$"{padded.IdOf("[PAD]")}"]!["content"]!);
        Assert.AreEqual(padded.SpecialTokens, LanguageModelTokenizer.FromPretrained(folder.Combine("changed")).SpecialTokens);
    }
}
