using System.Globalization;
using Ml.Llm.Models;

namespace Ml.Llm;

/// <summary>How rotary positions are stretched beyond the length that a model was first trained on.</summary>
/// <remarks>The fields of rope_parameters (transformers 5) or rope_scaling (transformers 4) in config.json.</remarks>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed record RopeScaling
{
    private static readonly string[] Kinds = ["linear", "llama3", "yarn"];

    /// <summary>The kind: linear, llama3 or yarn.</summary>
    public required string RopeType { get; init; }

    /// <summary>By how much the context grows, at least 1.</summary>
    public required double Factor { get; init; }

    /// <summary>The context length before stretching, in tokens (llama3, yarn); null for the model's own.</summary>
    public int? OriginalMaxPositionEmbeddings { get; init; }

    /// <summary>Wavelengths above the original length divided by it are stretched in full (llama3).</summary>
    public double? LowFreqFactor { get; init; }

    /// <summary>Wavelengths below the original length divided by it are left alone (llama3).</summary>
    public double? HighFreqFactor { get; init; }

    /// <summary>What cosines and sines are multiplied by (yarn); null to compute it from the factor.</summary>
    public double? AttentionFactor { get; init; }

    /// <summary>Rotations within the original length from which on a dimension is left alone (yarn); null for 32.</summary>
    public double? BetaFast { get; init; }

    /// <summary>Rotations within the original length up to which a dimension is stretched in full (yarn); null for 1.</summary>
    public double? BetaSlow { get; init; }

    /// <summary>With <see cref="MscaleAllDim"/>, makes the attention factor (yarn as DeepSeek uses it).</summary>
    public double? Mscale { get; init; }

    /// <summary>With <see cref="Mscale"/>, makes the attention factor (yarn as DeepSeek uses it).</summary>
    public double? MscaleAllDim { get; init; }

    /// <summary>Whether the borders of the ramp are rounded to whole dimensions (yarn). Default: true.</summary>
    public bool Truncate { get; init; } = true;

    /// <summary>Reads rope_parameters or rope_scaling.</summary>
    /// <returns>The scaling, or null where there is none.</returns>
    internal static RopeScaling? Read(ConfigFields fields)
    {
        var kind = fields.TextOrNull(fields.FirstOf("rope_type", "type")) ?? "default";
        if (kind == "default")
            return null;
        if (kind == "dynamic")
            throw fields.Error("rope_type", "is \"dynamic\", which is not supported yet; it is not one of default, linear, llama3, yarn.");
        if (ConfigProblem.Known(kind, ["default", .. Kinds], nameof(RopeType), "rope_type") is { } unknown)
            throw fields.Error(unknown.Field, unknown.Text);
        string[] needed = kind == "llama3" ? ["factor", "low_freq_factor", "high_freq_factor"] : ["factor"];
        foreach (var name in needed)
        {
            if (!fields.Has(name))
                throw fields.Error(name, $"is missing; rope_type {kind} needs it.");
        }

        return new RopeScaling
        {
            RopeType = kind,
            Factor = fields.Number("factor", 1),
            OriginalMaxPositionEmbeddings = fields.IntegerOrNull("original_max_position_embeddings"),
            LowFreqFactor = fields.NumberOrNull("low_freq_factor"),
            HighFreqFactor = fields.NumberOrNull("high_freq_factor"),
            AttentionFactor = fields.NumberOrNull("attention_factor"),
            BetaFast = fields.NumberOrNull("beta_fast"),
            BetaSlow = fields.NumberOrNull("beta_slow"),
            Mscale = fields.NumberOrNull("mscale"),
            MscaleAllDim = fields.NumberOrNull("mscale_all_dim"),
            Truncate = fields.Flag("truncate", true),
        };
    }

    /// <summary>Adds the fields that are given.</summary>
    internal void AddFields(Dictionary<string, object?> fields)
    {
        fields["rope_type"] = RopeType;
        fields["factor"] = Factor;
        foreach (var (name, value) in new (string, double?)[]
        {
            ("low_freq_factor", LowFreqFactor), ("high_freq_factor", HighFreqFactor), ("attention_factor", AttentionFactor),
            ("beta_fast", BetaFast), ("beta_slow", BetaSlow), ("mscale", Mscale), ("mscale_all_dim", MscaleAllDim),
        })
        {
            if (value is { } number)
                fields[name] = number;
        }

        if (OriginalMaxPositionEmbeddings is { } original)
            fields["original_max_position_embeddings"] = original;
        if (!Truncate)
            fields["truncate"] = false;
    }

    /// <summary>The first thing that is wrong, or null.</summary>
    internal ConfigProblem? FindProblem()
    {
        const string property = nameof(LlamaConfig.RopeScaling);
        const string field = "rope_parameters.";
        var problem = ConfigProblem.Known(RopeType, Kinds, $"{property}.{nameof(RopeType)}", field + "rope_type")
            ?? (Factor >= 1 && double.IsFinite(Factor)
                ? null
                : new ConfigProblem($"{property}.{nameof(Factor)}", field + "factor", $"is {Factor.ToString(CultureInfo.InvariantCulture)}, which is out of range: it must be at least 1."))
            ?? (OriginalMaxPositionEmbeddings is { } original
                ? ConfigProblem.Range(original, 1, int.MaxValue, $"{property}.{nameof(OriginalMaxPositionEmbeddings)}", field + "original_max_position_embeddings")
                : null);
        if (problem is not null)
            return problem;
        foreach (var (name, jsonName, value) in new (string, string, double?)[]
        {
            (nameof(LowFreqFactor), "low_freq_factor", LowFreqFactor), (nameof(HighFreqFactor), "high_freq_factor", HighFreqFactor),
            (nameof(AttentionFactor), "attention_factor", AttentionFactor), (nameof(BetaFast), "beta_fast", BetaFast), (nameof(BetaSlow), "beta_slow", BetaSlow),
        })
        {
            if (value is { } number && ConfigProblem.Positive(number, $"{property}.{name}", field + jsonName) is { } wrong)
                return wrong;
        }

        if (RopeType != "llama3")
            return null;
        if (LowFreqFactor is not { } low || HighFreqFactor is not { } high)
            return new($"{property}.{nameof(LowFreqFactor)}", field + "low_freq_factor", "or high_freq_factor is missing; rope_type llama3 needs both.");
        return low < high
            ? null
            : new($"{property}.{nameof(HighFreqFactor)}", field + "high_freq_factor", string.Create(CultureInfo.InvariantCulture, $"is {high}, which is out of range: it must be above low_freq_factor ({low})."));
    }
}
