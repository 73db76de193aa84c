using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ml.Llm.Core.Tests.Checkpoints;

namespace Ml.Llm.Core.Tests.Tokenizers;

[TestClass]
public sealed class TokenizerFilesTests
{
    [TestMethod]
    public void A_saved_tokenizer_reads_back_the_same()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Combine("out/tokenizer.json");
        SmallTokenizer.Trained.Save(file);
        foreach (var path in new[] { file, folder.Combine("out") })
        {
            var read = LanguageModelTokenizer.FromPretrained(path);
            Assert.AreEqual(SmallTokenizer.Trained.Fingerprint, read.Fingerprint);
            Assert.AreEqual(SmallTokenizer.Trained.SpecialTokens, read.SpecialTokens);
            Assert.AreSequenceEqual(SmallTokenizer.Trained.EncodeToIds("The lazy dog").ToArray(), read.EncodeToIds("The lazy dog").ToArray());
        }
    }

    [TestMethod]
    public void The_files_of_a_model_folder_carry_special_tokens_of_any_name()
    {
        var trained = SmallTokenizer.Train(new() { VocabularySize = 300, SpecialTokens = ["<start>", "<stop>", "<fill>", "<|endoftext|>"] });
        var named = new LanguageModelTokenizer(trained.Pipeline, new() { Bos = 0, Eos = 1, Pad = 2 }, 512);
        var files = named.ToFiles().ToDictionary(item => item.Name, item => item.Content);

        var read = LanguageModelTokenizer.FromFiles(files.GetValueOrDefault, "model");

        Assert.AreEqual(new SpecialTokenIds { Bos = 0, Eos = 1, Pad = 2 }, read.SpecialTokens);
        Assert.AreEqual(512, read.MaxLength);
        var config = JsonSerializer.Deserialize<JsonElement>(files["tokenizer_config.json"]);
        Assert.AreEqual("PreTrainedTokenizerFast", config.GetProperty("tokenizer_class").GetString());
        Assert.AreEqual("<stop>", config.GetProperty("eos_token").GetString());
    }

    [TestMethod]
    public void Special_ids_come_from_each_file_in_turn()
    {
        var json = SmallTokenizer.Train(new() { VocabularySize = 300, SpecialTokens = ["<a>", "<b>", "<c>", "<d>"] }).ToJsonBytes();
        var files = new Dictionary<string, string>
        {
            ["tokenizer_config.json"] = """{"bos_token": {"content": "<a>", "lstrip": false}, "model_max_length": 1000000000000000019884624838656, "unk_token": null}""",
            ["special_tokens_map.json"] = """{"bos_token": "<d>", "eos_token": "<b>"}""",
            ["config.json"] = """{"eos_token_id": 0, "pad_token_id": [2, 3]}""",
        };
        var tokenizer = LanguageModelTokenizer.FromFiles(name => name == "tokenizer.json" ? json : files.TryGetValue(name, out var text) ? Encoding.UTF8.GetBytes(text) : null, "model");
        Assert.AreEqual(new SpecialTokenIds { Bos = 0, Eos = 1, Pad = 2 }, tokenizer.SpecialTokens);
        Assert.IsNull(tokenizer.MaxLength);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void A_template_puts_its_tokens_around_the_text_when_asked(bool inSequence)
    {
        var template = JsonNode.Parse("""
            {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<|endoftext|>","type_id":0}},{"Sequence":{"id":"A","type_id":1}}],
            "pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],
            "special_tokens":{"<|endoftext|>":{"id":"<|endoftext|>","ids":[0],"tokens":["<|endoftext|>"]}}}
            """)!;
        var json = JsonNode.Parse(SmallTokenizer.Trained.ToJsonBytes())!.AsObject();
        var bytes = json["post_processor"]!.DeepClone();
        bytes["trim_offsets"] = true;
        json["post_processor"] = inSequence ? new JsonObject { ["type"] = "Sequence", ["processors"] = new JsonArray(bytes, template) } : template;
        var tokenizer = Read(json.ToJsonString());

        var plain = new List<int>();
        tokenizer.EncodeInto("The dog", plain);
        var encoding = tokenizer.Encode("The dog");

        Assert.AreSequenceEqual((int[])[0, .. plain], encoding.Ids.ToArray());
        Assert.AreSequenceEqual(encoding.Ids.ToArray(), tokenizer.EncodeToIds("The dog").ToArray());
        Assert.IsNull(encoding.Words[0]);
        Assert.IsTrue(encoding.IsSpecial[0]);
        Assert.AreEqual(1, encoding.TypeIds[^1]);
        Assert.AreSequenceEqual(plain.ToArray(), tokenizer.Encode("The dog", new() { AddSpecialTokens = false }).Ids.ToArray());
        Assert.AreEqual(inSequence ? 4 : 3, encoding.Offsets[2 * encoding.Tokens.ToList().FindIndex(token => token.StartsWith('\u0120'))]);
        Assert.AreEqual(json["post_processor"]!.ToJsonString(), JsonNode.Parse(tokenizer.ToJsonBytes())!["post_processor"]!.ToJsonString());
    }

    [TestMethod]
    [DataRow("\"normalizer\":null", "\"normalizer\":{\"type\":\"Novel\"}", "Novel")]
    [DataRow("\"pre_tokenizer\":{\"type\":\"ByteLevel\"", "\"pre_tokenizer\":{\"type\":\"Novel\"", "Novel")]
    [DataRow("\"decoder\":{\"type\":\"ByteLevel\"", "\"decoder\":{\"type\":\"Novel\"", "Novel")]
    [DataRow("\"post_processor\":{\"type\":\"ByteLevel\"", "\"post_processor\":{\"type\":\"Novel\"", "Novel")]
    [DataRow("\"model\":{\"type\":\"BPE\"", "\"model\":{\"type\":\"Novel\"", "Novel")]
    [DataRow("\"decoder\":{\"type\":\"ByteLevel\"", "\"decoder\":{\"type\":\"ByteLevel\",\"novel\":1", "novel")]
    [DataRow("\"truncation\":null", "\"truncation\":{}", "truncation")]
    [DataRow("\"padding\":null", "\"padding\":{}", "padding")]
    [DataRow("\"dropout\":null", "\"dropout\":1.5", "dropout")]
    [DataRow("\"version\":\"1.0\"", "\"version\":\"9.0\"", "9.0")]
    [DataRow("\"version\":\"1.0\"", "\"version\":\"1.0\",\"novel\":{}", "novel")]
    [DataRow("\"merges\":[", "\"merges\":[[\"no\",\"such\"],", "no")]
    [DataRow("\"merges\":[", "\"merges\":[[\"a\",\"b\",\"c\"],", "merges[0]")]
    [DataRow("\"merges\":[", "\"merges\":[7,", "merges[0]")]
    [DataRow("\"!\":1,", "\"!\":-1,", "\"!\"")]
    [DataRow("\"!\":1,", "\"!\":1.5,", "\"!\"")]
    [DataRow("\"!\":1,", "\"!\":4294967295,", "\"!\"")]
    [DataRow("\"!\":1,", "\"!\":9999999,", "holes")]
    [DataRow("\"!\":1,", "\"!\":1,\"!\":1,", "JSON")]
    [DataRow("\"!\":1,", "\"\\ud800\":1,", "Unicode")]
    [DataRow("\"id\":0,\"content\":\"<|endoftext|>\"", "\"id\":0", "content")]
    [DataRow("\"use_regex\":true},\"post", "\"use_regex\":\"yes\"},\"post", "use_regex")]
    [DataRow("{\"version\"", "[{\"version\"", "JSON")]
    public void A_wrong_or_unknown_part_is_refused_by_name(string original, string replacement, string named)
    {
        var problem = Assert.ThrowsExactly<ModelFormatException>(() => Read(Edit(original, replacement)));
        Assert.Contains(named, problem.Message);
        Assert.Contains("tokenizer.json", problem.File);
    }

    [TestMethod]
    public void A_path_without_a_tokenizer_is_named()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains(folder.Path, Assert.ThrowsExactly<FileNotFoundException>(() => LanguageModelTokenizer.FromPretrained(folder.Path)).Message);
        Assert.Throws<ArgumentException>(() => LanguageModelTokenizer.FromPretrained(""));
    }

    private static string Edit(string original, string replacement)
    {
        var json = Encoding.UTF8.GetString(SmallTokenizer.Trained.ToJsonBytes());
        Assert.Contains(original, json);
        return json.Replace(original, replacement, StringComparison.Ordinal);
    }

    private static LanguageModelTokenizer Read(string json)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(json));
        return LanguageModelTokenizer.FromStream(stream);
    }
}
