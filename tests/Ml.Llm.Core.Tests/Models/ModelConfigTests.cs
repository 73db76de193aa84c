using System.Globalization;
using System.Text.Json;
using Ml.Llm.Models;

namespace Ml.Llm.Core.Tests.Models;

[TestClass]
public sealed class ModelConfigTests
{
    public static IEnumerable<object[]> Configs =>
    [
        ["llama"],
        ["gpt2"],
    ];

    [TestMethod, DynamicData(nameof(Configs))]
    public void Json_round_trips_and_is_the_same_in_every_culture(string family)
    {
        var config = Make(family);
        var written = config.ToJson();
        foreach (var culture in new[] { "tr-TR", "de-DE", "ar-SA" })
        {
            using var scope = new CultureScope(culture);
            Assert.AreEqual(written, config.ToJson(), culture);
            var again = ModelConfig.FromJson(written, "config.json");
            Assert.AreEqual(config, again, culture);
            Assert.AreEqual(written, again.ToJson(), culture);
        }
    }

    [TestMethod, DynamicData(nameof(Configs))]
    public void Fields_stand_in_order_with_numbers_as_python_writes_them(string family)
    {
        var json = Make(family).ToJson();
        using var document = JsonDocument.Parse(json);
        var names = document.RootElement.EnumerateObject().Select(static property => property.Name).ToList();
        Assert.AreSequenceEqual(names.Order(StringComparer.Ordinal), names);
        Assert.Contains(family == "llama" ? "\"rms_norm_eps\": 1e-06," : "\"layer_norm_epsilon\": 1e-05,", json);
        Assert.Contains(family == "llama" ? "    \"rope_theta\": 500000.0,\n" : "\"attn_pdrop\": 0.1,", json);
        Assert.EndsWith("}\n", json);
        Assert.DoesNotContain("\r", json);
    }

    [TestMethod, DynamicData(nameof(Configs))]
    public void An_empty_file_of_a_family_has_the_defaults_of_its_class(string family)
    {
        var read = ModelConfig.FromJson($$"""{"model_type": "{{family}}"}""", "config.json");
        Assert.AreEqual(family == "llama" ? new LlamaConfig() : (ModelConfig)new Gpt2Config(), read);
        Assert.AreEqual(family == "llama" ? 6_738_415_616L : 124_439_808L, (long)read.CountParameters());
    }

    [TestMethod]
    public void Both_forms_of_rotary_scaling_read_as_the_same()
    {
        const string older = """{"model_type": "llama", "rope_theta": 500000.0, "rope_scaling": {"type": "yarn", "factor": 4.0}}""";
        const string newer = """{"model_type": "llama", "rope_parameters": {"rope_theta": 500000.0, "rope_type": "yarn", "factor": 4.0}}""";
        var expected = new LlamaConfig { RopeTheta = 500_000, RopeScaling = new() { RopeType = "yarn", Factor = 4 } };
        Assert.AreEqual(expected, ModelConfig.FromJson(older, "config.json"));
        Assert.AreEqual(expected, ModelConfig.FromJson(newer, "config.json"));
    }

    [TestMethod]
    public void Several_end_tokens_are_kept()
    {
        var config = ModelConfig.FromJson("""{"model_type": "llama", "eos_token_id": [5, 7]}""", "config.json");
        Assert.AreSequenceEqual([5, 7], config.EosTokenIds);
        Assert.AreEqual(5, config.EosTokenId);
        Assert.AreEqual(config, ModelConfig.FromJson(config.ToJson(), "config.json"));
    }

    [TestMethod]
    [DataRow("""{"model_type": "mamba"}""", "model_type")]
    [DataRow("""{"model_type": "llama", "hidden_size": 4098}""", "hidden_size")]
    [DataRow("""{"model_type": "llama", "num_key_value_heads": 3}""", "num_attention_heads")]
    [DataRow("""{"model_type": "llama", "rope_scaling": {"type": "dynamic", "factor": 2.0}}""", "rope_scaling.rope_type")]
    [DataRow("""{"model_type": "llama", "hidden_act": "gelu_fast"}""", "hidden_act")]
    [DataRow("""{"model_type": "llama", "pad_token_id": 32000}""", "pad_token_id")]
    [DataRow("""{"model_type": "llama", "intermediate_size": 16777216, "hidden_size": 1048576, "num_hidden_layers": 60000}""", "hidden_size")]
    [DataRow("""{"model_type": "llama", "max_position_embeddings": 16777216}""", "max_position_embeddings")]
    [DataRow("""{"model_type": "gpt2", "n_head": 5}""", "n_embd")]
    [DataRow("""{"model_type": "gpt2", "add_cross_attention": true}""", "add_cross_attention")]
    [DataRow("""{"model_type": "gpt2", "attn_pdrop": 1.5}""", "attn_pdrop")]
    [DataRow("""{"model_type": "gpt2", "n_layer": 1, "n_layer": 2}""", "n_layer")]
    public void A_bad_field_is_named_with_its_file(string json, string field)
    {
        var error = Assert.ThrowsExactly<ModelFormatException>(() => ModelConfig.FromJson(json, "there/config.json"));
        Assert.AreEqual("there/config.json", error.File);
        Assert.Contains($" {field} ", error.Message);
    }

    [TestMethod]
    public void Validate_names_the_property_that_is_wrong()
    {
        Assert.Contains(nameof(LlamaConfig.HeadDim), Assert.ThrowsExactly<ArgumentException>((LlamaConfig.Tiny with { HeadDim = 5 }).Validate).Message);
        Assert.Contains(nameof(ModelConfig.NumHiddenLayers), Assert.ThrowsExactly<ArgumentException>((Gpt2Config.Tiny with { NumHiddenLayers = 0 }).Validate).Message);
        Assert.Contains(nameof(RopeScaling.LowFreqFactor), Assert.ThrowsExactly<ArgumentException>(
            (LlamaConfig.Tiny with { RopeScaling = new() { RopeType = "llama3", Factor = 8 } }).Validate).Message);
    }

    [TestMethod, DynamicData(nameof(Configs))]
    public void Names_in_files_cover_every_parameter_once(string family)
    {
        var config = family == "llama" ? LlamaConfig.Tiny with { AttentionBias = true, MlpBias = true, TieWordEmbeddings = false } : (ModelConfig)Gpt2Config.Tiny;
        config.Validate();
        using var network = new DecoderModel(config.ToShape());
        var mapped = config.WeightNames.All(network.Shape).SelectMany(static weight => weight.Parameters).ToList();
        Assert.AreSequenceEqual(network.Parameters.All.Select(static parameter => parameter.Name).Order(StringComparer.Ordinal), mapped.Order(StringComparer.Ordinal));
        Assert.AreEqual(network.Parameters.ParameterCount, (long)config.CountParameters());
    }

    private static ModelConfig Make(string family) => family == "llama"
        ? new LlamaConfig
        {
            VocabSize = 1000, HiddenSize = 64, NumHiddenLayers = 3, NumAttentionHeads = 4, NumKeyValueHeads = 2, HeadDim = 20, IntermediateSize = 150, RopeTheta = 500_000,
            RopeScaling = new() { RopeType = "llama3", Factor = 8.5, LowFreqFactor = 1, HighFreqFactor = 4.25, OriginalMaxPositionEmbeddings = 512 },
            AttentionBias = true, PadTokenId = 3, EosTokenIds = [2, 4], InitializerRange = 0.015, AttentionDropout = 0.125,
        }
        : new Gpt2Config { VocabSize = 1000, HiddenSize = 60, NumAttentionHeads = 3, IntermediateSize = 100, ActivationFunction = "relu", ScaleAttnByInverseLayerIdx = true, EmbdPdrop = 0.05, BosTokenId = null };

    private sealed class CultureScope : IDisposable
    {
        private readonly CultureInfo before = CultureInfo.CurrentCulture;

        internal CultureScope(string name) => CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(name);

        public void Dispose() => CultureInfo.CurrentCulture = before;
    }
}
