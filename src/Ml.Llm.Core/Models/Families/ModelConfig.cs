using System.Text;
using Ml.Llm.Models;

namespace Ml.Llm;

/// <summary>
/// What a model is made of: the content of Hugging Face's config.json, with its names in C#'s spelling. Each family has a
/// record of its own, whose defaults are the defaults of Hugging Face's class.
/// </summary>
/// <remarks>Two configurations are equal when they write the same config.json.</remarks>
/// <threadsafety>Instances are immutable.</threadsafety>
public abstract record ModelConfig
{
    // Limits keep a damaged or hostile file from asking for memory that no machine has.
    private const int GreatestVocabulary = 1 << 26;
    private const int GreatestWidth = 1 << 20;
    private const int GreatestDepth = 1 << 16;
    private const int GreatestPositions = 1 << 24;
    private static readonly Int128 GreatestCount = (Int128)1 << 42;

    private protected ModelConfig()
    {
    }

    /// <summary>The family, as config.json names it: llama, gpt2.</summary>
    public abstract string ModelType { get; }

    /// <summary>The number of tokens in the vocabulary. A model made for a tokenizer takes the tokenizer's number.</summary>
    public int VocabSize { get; init; }

    /// <summary>The width of the hidden states.</summary>
    public int HiddenSize { get; init; }

    /// <summary>The number of layers.</summary>
    public int NumHiddenLayers { get; init; }

    /// <summary>The number of attention heads.</summary>
    public int NumAttentionHeads { get; init; }

    /// <summary>The longest sequence, in tokens.</summary>
    public int MaxPositionEmbeddings { get; init; }

    /// <summary>Whether the table of the input embeddings serves as the output layer too.</summary>
    public bool TieWordEmbeddings { get; init; }

    /// <summary>The standard deviation of freshly drawn weights. Default: 0.02.</summary>
    public double InitializerRange { get; init; } = 0.02;

    /// <summary>The token at the beginning of a text, or null.</summary>
    public int? BosTokenId { get; init; }

    /// <summary>The tokens that end a text; empty for none.</summary>
    public IReadOnlyList<int> EosTokenIds { get; init; } = [];

    /// <summary>The first of <see cref="EosTokenIds"/>, or null; setting it makes it the only one.</summary>
    public int? EosTokenId
    {
        get => EosTokenIds.Count > 0 ? EosTokenIds[0] : null;
        init => EosTokenIds = value is { } id ? [id] : [];
    }

    /// <summary>The token that fills rows up, or null.</summary>
    public int? PadTokenId { get; init; }

    /// <summary>The names of tensors in files of this family.</summary>
    internal abstract WeightNames WeightNames { get; }

    /// <summary>Hugging Face's class of a causal language model of this family.</summary>
    internal abstract string CausalClass { get; }

    /// <summary>Reads config.json, in the form of any transformers version.</summary>
    /// <param name="json">The content.</param>
    /// <param name="file">The file's name, for messages.</param>
    /// <returns>The configuration. Fields that no supported model needs are left out; absent ones take their defaults.</returns>
    /// <exception cref="ModelFormatException">The content is not JSON, the family is not known, or a field has a wrong type or value; the message names it.</exception>
    public static ModelConfig FromJson(string json, string file)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(file);
        return FromJson(Encoding.UTF8.GetBytes(json), file);
    }

    /// <summary>Reads config.json from its bytes.</summary>
    /// <exception cref="ModelFormatException">The content is not a configuration that is known here.</exception>
    internal static ModelConfig FromJson(ReadOnlyMemory<byte> json, string file)
    {
        var fields = ConfigFields.Parse(json, file);
        var config = fields.TextOrNull("model_type") switch
        {
            null => throw fields.Error("model_type", "is missing, so the family is not known."),
            LlamaConfig.Family => LlamaConfig.Read(fields),
            Gpt2Config.Family => (ModelConfig)Gpt2Config.Read(fields),
            var other => throw fields.Error("model_type", $"\"{other}\" is not known here; known are {Gpt2Config.Family}, {LlamaConfig.Family}."),
        };
        return config.FindProblem() is { } problem ? throw fields.Error(problem.Field, problem.Text) : config;
    }

    /// <summary>Writes config.json as transformers does; the same on every system and culture.</summary>
    public string ToJson()
    {
        var fields = new Dictionary<string, object?>
        {
            ["architectures"] = new[] { CausalClass },
            ["bos_token_id"] = BosTokenId,
            ["dtype"] = "float32",
            ["eos_token_id"] = EosTokenIds.Count > 1 ? EosTokenIds : EosTokenId,
            ["initializer_range"] = InitializerRange,
            ["model_type"] = ModelType,
            ["pad_token_id"] = PadTokenId,
            ["tie_word_embeddings"] = TieWordEmbeddings,
            ["use_cache"] = true,
            ["vocab_size"] = VocabSize,
        };
        AddFields(fields);
        return ConfigWriter.Write(fields);
    }

    /// <summary>Checks that the values fit together.</summary>
    /// <exception cref="ArgumentException">A value is out of range, unknown, or does not fit another; the message names the property.</exception>
    public void Validate()
    {
        if (FindProblem() is { } problem)
            throw new ArgumentException($"{GetType().Name}.{problem.Property} {problem.Text}", problem.Property);
    }

    /// <summary>Whether both write the same config.json.</summary>
    public virtual bool Equals(ModelConfig? other) => other is not null && EqualityContract == other.EqualityContract && ToJson() == other.ToJson();

    /// <inheritdoc/>
    public override int GetHashCode() => ToJson().GetHashCode(StringComparison.Ordinal);

    /// <summary>What the decoder is built from.</summary>
    internal abstract DecoderShape ToShape();

    /// <summary>The number of weights, each shared one once.</summary>
    internal Int128 CountParameters() => WeightNames.Count(ToShape());

    /// <summary>The first thing that is wrong, or null.</summary>
    internal ConfigProblem? FindProblem() =>
        FindFieldProblem()
        ?? (CountParameters() is var count && count > GreatestCount
            ? new ConfigProblem(nameof(HiddenSize), Fields.Hidden, $"and the other sizes make {count} weights, which is too large.")
            : null);

    /// <summary>The family's names of the fields that all have.</summary>
    private protected abstract (string Hidden, string Layers, string Heads, string Positions) Fields { get; }

    /// <summary>The first of the family's own fields that is wrong, or null; the common ones are right then.</summary>
    private protected abstract ConfigProblem? FindFamilyProblem();

    /// <summary>Adds the family's own fields.</summary>
    private protected abstract void AddFields(Dictionary<string, object?> fields);

    private ConfigProblem? FindFieldProblem() =>
        ConfigProblem.Range(VocabSize, 1, GreatestVocabulary, nameof(VocabSize), "vocab_size")
        ?? ConfigProblem.Range(HiddenSize, 1, GreatestWidth, nameof(HiddenSize), Fields.Hidden)
        ?? ConfigProblem.Range(NumHiddenLayers, 1, GreatestDepth, nameof(NumHiddenLayers), Fields.Layers)
        ?? ConfigProblem.Range(NumAttentionHeads, 1, GreatestWidth, nameof(NumAttentionHeads), Fields.Heads)
        ?? ConfigProblem.Range(MaxPositionEmbeddings, 1, GreatestPositions, nameof(MaxPositionEmbeddings), Fields.Positions)
        ?? ConfigProblem.Positive(InitializerRange, nameof(InitializerRange), "initializer_range", zero: true)
        ?? (PadTokenId is { } pad && (pad < 0 || pad >= VocabSize)
            ? new ConfigProblem(nameof(PadTokenId), "pad_token_id", $"is {pad}, which is out of range: the vocabulary has {VocabSize} tokens.")
            : null)
        ?? FindFamilyProblem();
}
