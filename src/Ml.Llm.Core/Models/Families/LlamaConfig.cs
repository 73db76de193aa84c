using Ml.Llm.Models;

namespace Ml.Llm;

/// <summary>A LLaMA: RMSNorm, rotary positions, grouped queries, gated feed-forward. Defaults are those of Hugging Face's LlamaConfig.</summary>
/// <remarks>Touvron et al., LLaMA (arXiv 2302.13971) and its successors.</remarks>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed record LlamaConfig : ModelConfig
{
    internal const string Family = "llama";
    private const long GreatestRotaryTable = 1 << 30;

    /// <summary>Makes a configuration with the defaults of Hugging Face's LlamaConfig (LLaMA 7B).</summary>
    public LlamaConfig()
    {
        VocabSize = 32_000;
        HiddenSize = 4096;
        NumHiddenLayers = 32;
        NumAttentionHeads = 32;
        MaxPositionEmbeddings = 2048;
        BosTokenId = 1;
        EosTokenId = 2;
    }

    /// <summary>
    /// Small enough to train in seconds: 2 layers, 64 wide, 4 heads over 2 key-value heads, context 256, tied embeddings, about 110
    /// thousand weights besides the embeddings. The vocabulary comes from the tokenizer.
    /// </summary>
    public static LlamaConfig Tiny { get; } = new()
    {
        VocabSize = 512,
        HiddenSize = 64,
        IntermediateSize = 192,
        NumHiddenLayers = 2,
        NumAttentionHeads = 4,
        NumKeyValueHeads = 2,
        MaxPositionEmbeddings = 256,
        TieWordEmbeddings = true,
        BosTokenId = null,
        EosTokenId = null,
    };

    /// <inheritdoc/>
    public override string ModelType => Family;

    /// <summary>The inner width of the feed-forward. Default: 11,008.</summary>
    public int IntermediateSize { get; init; } = 11_008;

    /// <summary>The number of key-value heads, which divides the number of heads; null for as many as heads. Default: null.</summary>
    public int? NumKeyValueHeads { get; init; }

    /// <summary>The width of a head, even; null for HiddenSize / NumAttentionHeads. Default: null.</summary>
    public int? HeadDim { get; init; }

    /// <summary>Added to the mean square in RMSNorm. Default: 1e-6.</summary>
    public double RmsNormEps { get; init; } = 1e-6;

    /// <summary>The base of the rotary frequencies. Default: 10,000.</summary>
    public double RopeTheta { get; init; } = 10_000;

    /// <summary>How rotary positions are stretched; null for not at all. Default: null.</summary>
    public RopeScaling? RopeScaling { get; init; }

    /// <summary>Whether query, key, value and output projections have biases. Default: false.</summary>
    public bool AttentionBias { get; init; }

    /// <summary>Whether the feed-forward has biases. Default: false.</summary>
    public bool MlpBias { get; init; }

    /// <summary>The feed-forward's activation by Hugging Face's name: silu, gelu, gelu_new, gelu_pytorch_tanh, relu, tanh. Default: silu.</summary>
    public string HiddenAct { get; init; } = "silu";

    /// <summary>The share of attention weights dropped in training, 0 to 1. Default: 0.</summary>
    public double AttentionDropout { get; init; }

    /// <inheritdoc/>
    internal override WeightNames WeightNames => LlamaWeightNames.Instance;

    /// <inheritdoc/>
    internal override string CausalClass => "LlamaForCausalLM";

    private protected override (string Hidden, string Layers, string Heads, string Positions) Fields =>
        ("hidden_size", "num_hidden_layers", "num_attention_heads", "max_position_embeddings");

    private int KeyValueHeads => NumKeyValueHeads ?? NumAttentionHeads;

    private int HeadWidth => HeadDim ?? (HiddenSize / NumAttentionHeads);

    /// <inheritdoc/>
    public bool Equals(LlamaConfig? other) => base.Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => base.GetHashCode();

    internal static LlamaConfig Read(ConfigFields fields)
    {
        var defaults = new LlamaConfig();
        var (theta, scaling) = ReadRope(fields, defaults.RopeTheta);
        var pad = fields.IntegerOrNull("pad_token_id");
        return new LlamaConfig
        {
            VocabSize = fields.Integer("vocab_size", defaults.VocabSize),
            HiddenSize = fields.Integer("hidden_size", defaults.HiddenSize),
            IntermediateSize = fields.Integer("intermediate_size", defaults.IntermediateSize),
            NumHiddenLayers = fields.Integer("num_hidden_layers", defaults.NumHiddenLayers),
            NumAttentionHeads = fields.Integer("num_attention_heads", defaults.NumAttentionHeads),
            NumKeyValueHeads = fields.IntegerOrNull("num_key_value_heads"),
            HeadDim = fields.IntegerOrNull("head_dim"),
            MaxPositionEmbeddings = fields.Integer("max_position_embeddings", defaults.MaxPositionEmbeddings),
            RmsNormEps = fields.Number("rms_norm_eps", defaults.RmsNormEps),
            RopeTheta = theta,
            RopeScaling = scaling,
            AttentionBias = fields.Flag("attention_bias", false),
            MlpBias = fields.Flag("mlp_bias", false),
            HiddenAct = fields.TextOrNull("hidden_act") ?? defaults.HiddenAct,
            AttentionDropout = fields.Number("attention_dropout", 0),
            TieWordEmbeddings = fields.Flag("tie_word_embeddings", false),
            InitializerRange = fields.Number("initializer_range", defaults.InitializerRange),
            BosTokenId = fields.IntegerOrNull("bos_token_id", defaults.BosTokenId),
            EosTokenIds = fields.TokenIds("eos_token_id", 2),
            // The first LLaMA folders say -1 for none.
            PadTokenId = pad == -1 ? null : pad,
        };
    }

    internal override DecoderShape ToShape()
    {
        var (frequencies, factor) = RotaryFrequencies.Compute(RopeTheta, HeadWidth, RopeScaling, MaxPositionEmbeddings);
        return new DecoderShape
        {
            VocabSize = VocabSize,
            HiddenSize = HiddenSize,
            Layers = NumHiddenLayers,
            Heads = NumAttentionHeads,
            KeyValueHeads = KeyValueHeads,
            HeadDim = HeadWidth,
            IntermediateSize = IntermediateSize,
            MaxPositions = MaxPositionEmbeddings,
            Norm = NormKind.Rms,
            NormEpsilon = (float)RmsNormEps,
            InverseFrequencies = frequencies,
            RotaryScaling = factor,
            Activation = ActivationNames.Parse(HiddenAct),
            Gated = true,
            QueryKeyValueBias = AttentionBias,
            AttentionOutputBias = AttentionBias,
            FeedForwardBias = MlpBias,
            TiedHead = TieWordEmbeddings,
            PaddingToken = PadTokenId,
            AttentionDropout = AttentionDropout,
        };
    }

    private protected override ConfigProblem? FindFamilyProblem() =>
        ConfigProblem.Range(IntermediateSize, 1, 1 << 24, nameof(IntermediateSize), "intermediate_size")
        ?? ConfigProblem.Range(KeyValueHeads, 1, int.MaxValue, nameof(NumKeyValueHeads), "num_key_value_heads")
        ?? ConfigProblem.Divides(NumAttentionHeads, KeyValueHeads, nameof(NumAttentionHeads), "num_attention_heads", "num_key_value_heads")
        ?? (HeadDim is { } width
            ? ConfigProblem.Range(width, 1, (1 << 24) / NumAttentionHeads, nameof(HeadDim), "head_dim")
            : ConfigProblem.Divides(HiddenSize, NumAttentionHeads, nameof(HiddenSize), "hidden_size", "num_attention_heads"))
        ?? (HeadWidth % 2 == 0
            ? null
            : new ConfigProblem(nameof(HeadDim), "head_dim", $"is {HeadWidth}, which is no multiple of 2, as rotary positions need."))
        ?? ((long)MaxPositionEmbeddings * HeadWidth <= GreatestRotaryTable
            ? null
            : new ConfigProblem(nameof(MaxPositionEmbeddings), "max_position_embeddings", $"is {MaxPositionEmbeddings}, which is too large for heads of width {HeadWidth}."))
        ?? ConfigProblem.Positive(RmsNormEps, nameof(RmsNormEps), "rms_norm_eps", zero: true)
        ?? ConfigProblem.Positive(RopeTheta, nameof(RopeTheta), "rope_theta")
        ?? ConfigProblem.Known(HiddenAct, ActivationNames.All, nameof(HiddenAct), "hidden_act")
        ?? ConfigProblem.Rate(AttentionDropout, nameof(AttentionDropout), "attention_dropout")
        ?? RopeScaling?.FindProblem();

    private protected override void AddFields(Dictionary<string, object?> fields)
    {
        var rope = new Dictionary<string, object?> { ["rope_theta"] = RopeTheta, ["rope_type"] = "default" };
        RopeScaling?.AddFields(rope);
        fields["attention_bias"] = AttentionBias;
        fields["attention_dropout"] = AttentionDropout;
        fields["head_dim"] = HeadWidth;
        fields["hidden_act"] = HiddenAct;
        fields["hidden_size"] = HiddenSize;
        fields["intermediate_size"] = IntermediateSize;
        fields["max_position_embeddings"] = MaxPositionEmbeddings;
        fields["mlp_bias"] = MlpBias;
        fields["num_attention_heads"] = NumAttentionHeads;
        fields["num_hidden_layers"] = NumHiddenLayers;
        fields["num_key_value_heads"] = KeyValueHeads;
        fields["pretraining_tp"] = 1;
        fields["rms_norm_eps"] = RmsNormEps;
        fields["rope_parameters"] = rope;
        // Readers of the older form take these; they say the same, and are left out where the older form's defaults say it already.
        if (RopeTheta != 10_000)
            fields["rope_theta"] = RopeTheta;
        if (RopeScaling is not null)
        {
            var scaling = new Dictionary<string, object?>();
            RopeScaling.AddFields(scaling);
            fields["rope_scaling"] = scaling;
        }
    }

    private static (double Theta, RopeScaling? Scaling) ReadRope(ConfigFields fields, double defaultTheta)
    {
        var rope = fields.ObjectOrNull("rope_scaling") ?? fields.ObjectOrNull("rope_parameters");
        if ((rope ?? fields).NumberOrNull("partial_rotary_factor") is { } partial && partial != 1)
            throw fields.Error("partial_rotary_factor", "is not one of the values known here, which is 1 alone.");
        var theta = rope?.NumberOrNull("rope_theta")
            ?? fields.NumberOrNull("rope_theta")
            ?? fields.ObjectOrNull("rope_parameters")?.NumberOrNull("rope_theta")
            ?? defaultTheta;
        return (theta, rope is null ? null : RopeScaling.Read(rope));
    }
}
