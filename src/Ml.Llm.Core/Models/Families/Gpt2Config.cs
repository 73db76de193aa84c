using Ml.Llm.Models;

namespace Ml.Llm;

/// <summary>A GPT-2: LayerNorm, learned positions, biases everywhere, tied embeddings. Defaults are those of Hugging Face's GPT2Config.</summary>
/// <remarks>Radford et al., Language Models are Unsupervised Multitask Learners (2019). GPT-3's sizes fit too.</remarks>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed record Gpt2Config : ModelConfig
{
    internal const string Family = "gpt2";

    /// <summary>Makes a configuration with the defaults of Hugging Face's GPT2Config (GPT-2 small, 124 million weights).</summary>
    public Gpt2Config()
    {
        VocabSize = 50_257;
        HiddenSize = 768;
        NumHiddenLayers = 12;
        NumAttentionHeads = 12;
        MaxPositionEmbeddings = 1024;
        TieWordEmbeddings = true;
        BosTokenId = 50_256;
        EosTokenId = 50_256;
    }

    /// <summary>
    /// Small enough to train in seconds: 2 layers, 64 wide, 4 heads, context 256, no dropout, about 116 thousand weights besides the
    /// token embeddings. The vocabulary comes from the tokenizer.
    /// </summary>
    public static Gpt2Config Tiny { get; } = new()
    {
        VocabSize = 512,
        HiddenSize = 64,
        NumHiddenLayers = 2,
        NumAttentionHeads = 4,
        MaxPositionEmbeddings = 256,
        AttnPdrop = 0,
        EmbdPdrop = 0,
        ResidPdrop = 0,
        BosTokenId = null,
        EosTokenId = null,
    };

    /// <inheritdoc/>
    public override string ModelType => Family;

    /// <summary>The inner width of the feed-forward (n_inner); null for 4 x HiddenSize. Default: null.</summary>
    public int? IntermediateSize { get; init; }

    /// <summary>The feed-forward's activation by Hugging Face's name: gelu_new, gelu, gelu_pytorch_tanh, silu, relu, tanh. Default: gelu_new.</summary>
    public string ActivationFunction { get; init; } = "gelu_new";

    /// <summary>Added to the variance in LayerNorm. Default: 1e-5.</summary>
    public double LayerNormEpsilon { get; init; } = 1e-5;

    /// <summary>The share of attention weights dropped in training, 0 to 1. Default: 0.1.</summary>
    public double AttnPdrop { get; init; } = 0.1;

    /// <summary>The share of the embeddings dropped in training, 0 to 1. Default: 0.1.</summary>
    public double EmbdPdrop { get; init; } = 0.1;

    /// <summary>The share of each layer's branches dropped in training, 0 to 1. Default: 0.1.</summary>
    public double ResidPdrop { get; init; } = 0.1;

    /// <summary>Whether attention scores are divided by the root of the head's width. Default: true.</summary>
    public bool ScaleAttnWeights { get; init; } = true;

    /// <summary>Whether attention scores of layer i are divided by i + 1 too. Default: false.</summary>
    public bool ScaleAttnByInverseLayerIdx { get; init; }

    /// <summary>Kept for other readers: they may compute scores in another order with it; the value is the same. Default: false.</summary>
    public bool ReorderAndUpcastAttn { get; init; }

    /// <inheritdoc/>
    internal override WeightNames WeightNames => Gpt2WeightNames.Instance;

    /// <inheritdoc/>
    internal override string CausalClass => "GPT2LMHeadModel";

    private protected override (string Hidden, string Layers, string Heads, string Positions) Fields => ("n_embd", "n_layer", "n_head", "n_positions");

    /// <inheritdoc/>
    public bool Equals(Gpt2Config? other) => base.Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => base.GetHashCode();

    internal static Gpt2Config Read(ConfigFields fields)
    {
        var defaults = new Gpt2Config();
        if (fields.Flag("add_cross_attention", false))
            throw fields.Error("add_cross_attention", "is true, which is not one of the values known here: this is a decoder of its own.");
        return new Gpt2Config
        {
            VocabSize = fields.Integer("vocab_size", defaults.VocabSize),
            HiddenSize = fields.Integer(fields.FirstOf("n_embd", "hidden_size"), defaults.HiddenSize),
            NumHiddenLayers = fields.Integer(fields.FirstOf("n_layer", "num_hidden_layers"), defaults.NumHiddenLayers),
            NumAttentionHeads = fields.Integer(fields.FirstOf("n_head", "num_attention_heads"), defaults.NumAttentionHeads),
            MaxPositionEmbeddings = fields.Integer(fields.FirstOf("n_positions", "max_position_embeddings"), defaults.MaxPositionEmbeddings),
            IntermediateSize = fields.IntegerOrNull("n_inner"),
            ActivationFunction = fields.TextOrNull("activation_function") ?? defaults.ActivationFunction,
            LayerNormEpsilon = fields.Number("layer_norm_epsilon", defaults.LayerNormEpsilon),
            AttnPdrop = fields.Number("attn_pdrop", defaults.AttnPdrop),
            EmbdPdrop = fields.Number("embd_pdrop", defaults.EmbdPdrop),
            ResidPdrop = fields.Number("resid_pdrop", defaults.ResidPdrop),
            ScaleAttnWeights = fields.Flag("scale_attn_weights", true),
            ScaleAttnByInverseLayerIdx = fields.Flag("scale_attn_by_inverse_layer_idx", false),
            ReorderAndUpcastAttn = fields.Flag("reorder_and_upcast_attn", false),
            TieWordEmbeddings = fields.Flag("tie_word_embeddings", true),
            InitializerRange = fields.Number("initializer_range", defaults.InitializerRange),
            BosTokenId = fields.IntegerOrNull("bos_token_id", defaults.BosTokenId),
            EosTokenIds = fields.TokenIds("eos_token_id", 50_256),
            PadTokenId = fields.IntegerOrNull("pad_token_id"),
        };
    }

    internal override DecoderShape ToShape() => new()
    {
        VocabSize = VocabSize,
        HiddenSize = HiddenSize,
        Layers = NumHiddenLayers,
        Heads = NumAttentionHeads,
        KeyValueHeads = NumAttentionHeads,
        HeadDim = HiddenSize / NumAttentionHeads,
        IntermediateSize = IntermediateSize ?? (4 * HiddenSize),
        MaxPositions = MaxPositionEmbeddings,
        Norm = NormKind.Layer,
        NormEpsilon = (float)LayerNormEpsilon,
        Activation = ActivationNames.Parse(ActivationFunction),
        Gated = false,
        QueryKeyValueBias = true,
        AttentionOutputBias = true,
        FeedForwardBias = true,
        TiedHead = TieWordEmbeddings,
        AttentionScales = ScaleAttnWeights && !ScaleAttnByInverseLayerIdx
            ? null
            : [.. Enumerable.Range(0, NumHiddenLayers).Select(layer =>
                (ScaleAttnWeights ? 1 / MathF.Sqrt(HiddenSize / NumAttentionHeads) : 1) / (ScaleAttnByInverseLayerIdx ? layer + 1 : 1))],
        EmbeddingDropout = EmbdPdrop,
        ResidualDropout = ResidPdrop,
        AttentionDropout = AttnPdrop,
    };

    private protected override ConfigProblem? FindFamilyProblem() =>
        (IntermediateSize is { } inner ? ConfigProblem.Range(inner, 1, 1 << 24, nameof(IntermediateSize), "n_inner") : null)
        ?? ConfigProblem.Divides(HiddenSize, NumAttentionHeads, nameof(HiddenSize), "n_embd", "n_head")
        ?? ConfigProblem.Known(ActivationFunction, ActivationNames.All, nameof(ActivationFunction), "activation_function")
        ?? ConfigProblem.Positive(LayerNormEpsilon, nameof(LayerNormEpsilon), "layer_norm_epsilon", zero: true)
        ?? ConfigProblem.Rate(AttnPdrop, nameof(AttnPdrop), "attn_pdrop")
        ?? ConfigProblem.Rate(EmbdPdrop, nameof(EmbdPdrop), "embd_pdrop")
        ?? ConfigProblem.Rate(ResidPdrop, nameof(ResidPdrop), "resid_pdrop");

    private protected override void AddFields(Dictionary<string, object?> fields)
    {
        fields["activation_function"] = ActivationFunction;
        fields["add_cross_attention"] = false;
        fields["attn_pdrop"] = AttnPdrop;
        fields["embd_pdrop"] = EmbdPdrop;
        fields["layer_norm_epsilon"] = LayerNormEpsilon;
        fields["n_embd"] = HiddenSize;
        fields["n_head"] = NumAttentionHeads;
        fields["n_inner"] = IntermediateSize;
        fields["n_layer"] = NumHiddenLayers;
        fields["n_positions"] = MaxPositionEmbeddings;
        fields["reorder_and_upcast_attn"] = ReorderAndUpcastAttn;
        fields["resid_pdrop"] = ResidPdrop;
        fields["scale_attn_by_inverse_layer_idx"] = ScaleAttnByInverseLayerIdx;
        fields["scale_attn_weights"] = ScaleAttnWeights;
        // The summary of other heads: written as the class has them by default.
        fields["summary_activation"] = null;
        fields["summary_first_dropout"] = 0.1;
        fields["summary_proj_to_labels"] = true;
        fields["summary_type"] = "cls_index";
        fields["summary_use_proj"] = true;
    }
}
