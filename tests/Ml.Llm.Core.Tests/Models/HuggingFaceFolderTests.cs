using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Ml.Llm.Checkpoints;
using Ml.Llm.Core.Tests.Checkpoints;
using Ml.Llm.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Core.Tests.Models;

[TestClass]
public sealed class HuggingFaceFolderTests
{
    private static readonly string[] Texts = ["The quick brown fox jumps over the lazy dog.", "İstanbul'da çay, straße und Öl, and 1,5 or 1.5."];
    private static readonly LanguageModelTokenizer Tokenizer = BytePairEncodingTrainer.Train(Texts, new BytePairEncodingOptions { VocabularySize = 280 });

    [TestMethod]
    [DataRow("llama", "tr-TR")]
    [DataRow("llama", "de-DE")]
    [DataRow("gpt2", "tr-TR")]
    [DataRow("gpt2", "de-DE")]
    public void Saving_reading_and_saving_again_gives_the_same_bytes_in_every_culture(string family, string culture)
    {
        using var folder = new TemporaryFolder();
        using var model = Make(family);
        model.SaveHuggingFace(folder.Combine("first"));
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(culture);
            using var again = LanguageModel.FromPretrained(folder.Combine("first"));
            again.SaveHuggingFace(folder.Combine("second"));
            Assert.AreEqual(model.Config, again.Config);
            Assert.AreEqual(Tokenizer.Fingerprint, ((LanguageModelTokenizer)again.Tokenizer!).Fingerprint);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }

        var first = ReadAll(folder.Combine("first"));
        var second = ReadAll(folder.Combine("second"));
        Assert.IsTrue(first.ContainsKey("config.json") && first.ContainsKey("generation_config.json") && first.ContainsKey("model.safetensors")
            && first.ContainsKey("tokenizer.json") && first.ContainsKey("tokenizer_config.json"), string.Join(", ", first.Keys));
        Assert.AreSequenceEqual(first.Keys.Order(StringComparer.Ordinal), second.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, content) in first)
            Assert.AreSequenceEqual(content, second[name], name);
    }

    [TestMethod]
    [DataRow("llama", "model.layers.1.mlp.gate_proj.weight", 192L, 64L)]
    [DataRow("gpt2", "transformer.h.1.attn.c_attn.weight", 64L, 192L)]
    public void The_file_has_the_names_and_shapes_of_hugging_face(string family, string name, long rows, long columns)
    {
        using var folder = new TemporaryFolder();
        using var model = Make(family);
        model.SaveHuggingFace(folder.Path);
        using var file = SafetensorsFile.Open(folder.Combine("model.safetensors"));
        Assert.AreEqual("pt", file.Metadata["format"]);
        Assert.AreSequenceEqual([rows, columns], file.Entries[name].Shape);
        Assert.IsTrue(file.Entries.Values.All(static entry => entry.DType == SafetensorsDType.F32));
        Assert.DoesNotContain("lm_head.weight", file.Entries.Keys);
    }

    [TestMethod]
    [DataRow("llama")]
    [DataRow("gpt2")]
    public void A_model_that_was_read_computes_the_same_and_leaves_no_tensor_behind(string family)
    {
        using var folder = new TemporaryFolder();
        using var model = Make(family);
        model.SaveHuggingFace(folder.Path);
        var tensors = Tensor.TotalCount;
        using (var again = LanguageModel.FromPretrained(folder.Path))
        {
            using var scope = NewDisposeScope();
            using var guard = no_grad();
            var ids = tensor([5L, 17L, 250L, 3L], [1, 4]);
            var expected = model.Network.Logits(model.Network.Forward(ids));
            var got = again.Network.Logits(again.Network.Forward(ids));
            Assert.AreEqual(0f, (expected - got).abs().max().item<float>());
        }

        Assert.AreEqual(tensors, Tensor.TotalCount);
    }

    [TestMethod]
    public void Files_go_through_named_streams_as_through_a_folder()
    {
        using var model = Make("llama");
        var files = new Dictionary<string, byte[]>();
        model.WriteFiles((name, write) =>
        {
            using var stream = new MemoryStream();
            write(stream);
            files.Add(name, stream.ToArray());
        });
        using var again = LanguageModel.ReadFiles(name => files.TryGetValue(name, out var content) ? new MemoryStream(content) : null, files.Keys, "a zip");
        Assert.AreEqual(model.Config, again.Config);
        Assert.AreEqual(model.ParameterCount, again.ParameterCount);
        files.Remove("config.json");
        var error = Assert.ThrowsExactly<ModelFormatException>(() => LanguageModel.ReadFiles(name => files.TryGetValue(name, out var content) ? new MemoryStream(content) : null, files.Keys, "a zip"));
        Assert.Contains(Path.Combine("a zip", "config.json"), error.Message);
    }

    [TestMethod]
    public void Saving_over_a_folder_keeps_other_files_and_drops_those_of_the_old_model()
    {
        using var folder = new TemporaryFolder();
        var target = folder.Combine("model");
        Directory.CreateDirectory(Path.Combine(target, "notes"));
        File.WriteAllText(Path.Combine(target, "README.md"), "mine");
        File.WriteAllText(Path.Combine(target, "notes", "a.txt"), "mine too");
        File.WriteAllText(Path.Combine(target, "model-00001-of-00002.safetensors"), "old");
        File.WriteAllText(Path.Combine(target, "model.safetensors.index.json"), "old");
        using var model = Make("gpt2");
        model.SaveHuggingFace(target);
        Assert.AreEqual("mine", File.ReadAllText(Path.Combine(target, "README.md")));
        Assert.AreEqual("mine too", File.ReadAllText(Path.Combine(target, "notes", "a.txt")));
        Assert.IsFalse(File.Exists(Path.Combine(target, "model-00001-of-00002.safetensors")));
        Assert.IsFalse(File.Exists(Path.Combine(target, "model.safetensors.index.json")));
        Assert.HasCount(1, Directory.GetFileSystemEntries(folder.Path));
        using var again = LanguageModel.FromPretrained(target);
        Assert.AreEqual(model.Config, again.Config);
    }

    [TestMethod]
    public void A_save_that_fails_leaves_what_was_there()
    {
        using var folder = new TemporaryFolder();
        var target = folder.Combine("model");
        using var model = Make("llama");
        model.SaveHuggingFace(target);
        var before = ReadAll(target);
        Assert.ThrowsExactly<IOException>(() => ModelFolder.Write(target, file =>
        {
            file("config.json", static stream => stream.WriteByte(1));
            throw new IOException("The disk is full.");
        }));
        var after = ReadAll(target);
        Assert.AreSequenceEqual(before.Keys.Order(StringComparer.Ordinal), after.Keys.Order(StringComparer.Ordinal));
        Assert.AreSequenceEqual(before["config.json"], after["config.json"]);
        Assert.HasCount(1, Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    public void A_tokenizer_of_another_library_is_named_and_nothing_is_written()
    {
        using var folder = new TemporaryFolder();
        var foreign = Microsoft.ML.Tokenizers.BpeTokenizer.Create(
            new MemoryStream(Encoding.UTF8.GetBytes("""{"a": 0, "b": 1}""")), new MemoryStream(Encoding.UTF8.GetBytes("#version: 0.2\n")));
        using var model = LanguageModel.Create(LlamaConfig.Tiny, foreign);
        Assert.AreEqual(LlamaConfig.Tiny.VocabSize, model.Config.VocabSize);
        var error = Assert.ThrowsExactly<NotSupportedException>(() => model.SaveHuggingFace(folder.Combine("model")));
        Assert.Contains("Microsoft.ML.Tokenizers.BpeTokenizer", error.Message);
        Assert.Contains("LanguageModelTokenizer.FromPretrained", error.Message);
        Assert.IsEmpty(Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    public void Half_types_are_widened_and_names_without_prefix_and_old_buffers_are_understood()
    {
        using var folder = new TemporaryFolder();
        using var model = Make("gpt2");
        model.SaveHuggingFace(folder.Path);
        Rewrite(folder.Path, (name, value) => (name["transformer.".Length..], value.to(ScalarType.BFloat16)),
            ("h.0.attn.bias", ones(1, 1, 8, 8)), ("h.0.attn.masked_bias", tensor(-1e4f)), ("lm_head.weight", Weight(model, "embed_tokens").to(ScalarType.BFloat16)));
        using var again = LanguageModel.FromPretrained(folder.Path);
        using var scope = NewDisposeScope();
        var expected = Weight(model, "layers.1.down.weight").to(ScalarType.BFloat16).to(ScalarType.Float32);
        Assert.AreEqual(0f, (expected - Weight(again, "layers.1.down.weight")).abs().max().item<float>());
        Assert.AreEqual(model.ParameterCount, again.ParameterCount);
    }

    [TestMethod]
    public void Weights_that_do_not_fit_the_configuration_are_named()
    {
        using var folder = new TemporaryFolder();
        using var model = Make("llama");
        CheckRefused(model, folder, "model.norm.weight is missing", static (name, value) => name == "model.norm.weight" ? null : (name, value));
        CheckRefused(model, folder, "score.weight is unexpected", static (name, value) => (name, value), ("score.weight", ones(2, 64)));
        CheckRefused(model, folder, "model.norm.weight has the wrong shape [32]", static (name, value) => (name, name == "model.norm.weight" ? value[..32] : value));
        CheckRefused(model, folder, "model.norm.weight is of type I64", static (name, value) => (name, name == "model.norm.weight" ? value.to(ScalarType.Int64) : value));
        CheckRefused(model, folder, "lm_head.weight differs from model.embed_tokens.weight", static (name, value) => (name, value), ("lm_head.weight", ones(Tokenizer.VocabularySize, 64)));
        CheckRefused(model, folder, "embed_tokens.weight is there twice", static (name, value) => (name, value), ("embed_tokens.weight", ones(Tokenizer.VocabularySize, 64)));
    }

    [TestMethod]
    public void What_cannot_be_read_is_refused_with_the_way_out()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.Combine("model.gguf"), "GGUF");
        Assert.Contains("not supported yet", Assert.ThrowsExactly<ModelFormatException>(() => LanguageModel.FromPretrained(folder.Combine("model.gguf"))).Message);
        Assert.ThrowsExactly<DirectoryNotFoundException>(() => LanguageModel.FromPretrained(folder.Combine("nowhere")));
        Assert.Contains("config.json", Assert.ThrowsExactly<ModelFormatException>(() => LanguageModel.FromPretrained(folder.Path)).Message);
        File.WriteAllText(folder.Combine("config.json"), LlamaConfig.Tiny.ToJson());
        Assert.Contains("there are no weights", Assert.ThrowsExactly<ModelFormatException>(() => LanguageModel.FromPretrained(folder.Path)).Message);
        File.WriteAllText(folder.Combine("pytorch_model.bin"), "pickle");
        Assert.Contains("Convert it to model.safetensors", Assert.ThrowsExactly<ModelFormatException>(() => LanguageModel.FromPretrained(folder.Path)).Message);
        File.WriteAllText(folder.Combine("model.safetensors"), "version https://git-lfs.github.com/spec/v1\noid sha256:00\n");
        Assert.Contains("Git LFS pointer", Assert.ThrowsExactly<ModelFormatException>(() => LanguageModel.FromPretrained(folder.Path)).Message);
    }

    [TestMethod]
    public void A_generation_config_that_came_with_the_model_is_kept_and_its_end_tokens_count()
    {
        using var folder = new TemporaryFolder();
        using var model = Make("llama");
        model.SaveHuggingFace(folder.Path);
        var given = new JsonObject { ["eos_token_id"] = new JsonArray(7, 9), ["temperature"] = 0.6, ["note"] = "kept" }.ToJsonString();
        File.WriteAllText(folder.Combine("generation_config.json"), given);
        using var again = LanguageModel.FromPretrained(folder.Path);
        Assert.AreSequenceEqual([7, 9], again.EndTokenIds);
        again.SaveHuggingFace(folder.Combine("again"));
        Assert.AreEqual(given, File.ReadAllText(Path.Combine(folder.Combine("again"), "generation_config.json")));
    }

    [TestMethod]
    public void A_new_model_takes_its_vocabulary_from_the_tokenizer_and_its_weights_from_the_seed()
    {
        using var first = Make("llama");
        using var second = Make("llama");
        using var other = LanguageModel.Create(LlamaConfig.Tiny, Tokenizer, seed: 2);
        Assert.AreEqual(Tokenizer.VocabularySize, first.Config.VocabSize);
        Assert.AreEqual(Tokenizer.SpecialTokens.Eos, first.Config.EosTokenId);
        using var scope = NewDisposeScope();
        Assert.AreEqual(0f, (first.Network.Parameters.Values - second.Network.Parameters.Values).abs().max().item<float>());
        Assert.AreNotEqual(0f, (first.Network.Parameters.Values - other.Network.Parameters.Values).abs().max().item<float>());
    }

    private static LanguageModel Make(string family) =>
        LanguageModel.Create(family == "llama" ? LlamaConfig.Tiny : Gpt2Config.Tiny, Tokenizer, seed: 1);

    private static Tensor Weight(LanguageModel model, string name) => model.Network.Parameters[name].Value;

    private static Dictionary<string, byte[]> ReadAll(string folder) =>
        Directory.GetFiles(folder).ToDictionary(static path => Path.GetFileName(path), File.ReadAllBytes);

    private static void CheckRefused(LanguageModel model, TemporaryFolder folder, string message, Func<string, Tensor, (string, Tensor)?> change, params (string, Tensor)[] more)
    {
        model.SaveHuggingFace(folder.Path);
        Rewrite(folder.Path, change, more);
        var error = Assert.ThrowsExactly<ModelFormatException>(() => LanguageModel.FromPretrained(folder.Path));
        Assert.Contains(message, error.Message);
        Assert.AreEqual(folder.Combine("model.safetensors"), error.File);
    }

    private static void Rewrite(string folder, Func<string, Tensor, (string, Tensor)?> change, params (string, Tensor)[] more)
    {
        using var scope = NewDisposeScope();
        var path = Path.Combine(folder, "model.safetensors");
        var tensors = new List<(string, Tensor)>(more);
        using (var file = SafetensorsFile.Open(path))
        {
            foreach (var name in file.Entries.Keys)
            {
                if (change(name, file.Read(name)) is { } changed)
                    tensors.Add(changed);
            }
        }

        SafetensorsWriter.Write(path, tensors);
    }
}
