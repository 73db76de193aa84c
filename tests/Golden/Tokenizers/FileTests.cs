using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ml.Llm.Golden.Tests.Tokenizers;

/// <summary>The files of whole tokenizers, read and written.</summary>
[TestClass, TestCategory("golden-tokenizers")]
public sealed class FileTests
{
    public static IEnumerable<object[]> Models => TokenizerCases.FoldersWith("tokenizer.json", "models");

    public static IEnumerable<object[]> All => TokenizerCases.FoldersWith("tokenizer.json", "models", "real");

    [TestMethod, DynamicData(nameof(Models))]
    public void A_tokenizer_that_was_read_is_written_byte_for_byte(string folder)
    {
        GoldenFolder.Require(TokenizerCases.Area, folder);
        Assert.AreSequenceEqual(File.ReadAllBytes(Path.Combine(TokenizerCases.Root, folder, "tokenizer.json")), TokenizerCases.Tokenizer(folder).ToJsonBytes());
    }

    [TestMethod, DynamicData(nameof(All))]
    public void Nothing_of_the_files_beside_it_is_lost(string folder)
    {
        GoldenFolder.Require(TokenizerCases.Area, folder);
        var tokenizer = TokenizerCases.Tokenizer(folder);
        var written = tokenizer.ToFiles().ToDictionary(static file => file.Name, static file => file.Content);
        foreach (var name in new[] { "tokenizer_config.json", "special_tokens_map.json" })
        {
            var file = Path.Combine(TokenizerCases.Root, folder, name);
            if (!File.Exists(file)) continue;
            var (before, after) = (JsonNode.Parse(File.ReadAllBytes(file)), JsonNode.Parse(written[name]));
            Assert.IsTrue(JsonNode.DeepEquals(before, after), $"{name}: {after}");
        }

        var again = LanguageModelTokenizer.FromFiles(written.GetValueOrDefault, "written");
        Assert.AreEqual(tokenizer.Fingerprint, again.Fingerprint);
        Assert.AreEqual(tokenizer.SpecialTokens, again.SpecialTokens);
        Assert.AreEqual(tokenizer.MaxLength, again.MaxLength);
    }

    [TestMethod, DynamicData(nameof(All))]
    public void The_special_tokens_that_the_files_name_are_found(string folder)
    {
        GoldenFolder.Require(TokenizerCases.Area, folder);
        var tokenizer = TokenizerCases.Tokenizer(folder);
        var config = Json.Read(Path.Combine(TokenizerCases.Root, folder, "tokenizer_config.json"));
        var ids = tokenizer.SpecialTokens;
        foreach (var (key, id) in new[]
        {
            ("bos_token", ids.Bos), ("eos_token", ids.Eos), ("pad_token", ids.Pad), ("unk_token", ids.Unknown),
            ("cls_token", ids.Cls), ("sep_token", ids.Sep), ("mask_token", ids.Mask),
        })
        {
            if (config.TryGetProperty(key, out var token) && token.ValueKind == JsonValueKind.String)
                Assert.AreEqual(tokenizer.IdOf(token.GetString()!), id, key);
        }

        if (config.TryGetProperty("additional_special_tokens", out var further))
            Assert.AreSequenceEqual(further.Deserialize<string[]>()!, ids.AdditionalSpecialTokens.Select(id => tokenizer.TokenOf(id)!).ToArray());
    }
}
