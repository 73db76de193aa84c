using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ml.Llm.Training;

/// <summary>Everything a run must remember but its tensors; a checkpoint holds it as state.json.</summary>
/// <threadsafety>Not safe.</threadsafety>
internal sealed class TrainingState
{
    /// <summary>The format of checkpoints that this version writes.</summary>
    internal const int CurrentFormat = 1;

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>The checkpoint's format.</summary>
    public int Format { get; set; } = CurrentFormat;

    /// <summary>The steps done, which is the data position too.</summary>
    public long Step { get; set; }

    /// <summary>The updates that the optimizer made.</summary>
    public long OptimizerSteps { get; set; }

    /// <summary>The tokens predicted so far.</summary>
    public long Tokens { get; set; }

    /// <summary>The last step that was followed by an evaluation.</summary>
    public long EvaluatedAt { get; set; }

    /// <summary>The held-out loss of that evaluation.</summary>
    public double? ValidationLoss { get; set; }

    /// <summary>The least held-out loss.</summary>
    public double? BestLoss { get; set; }

    /// <summary>The step of the least held-out loss.</summary>
    public long BestStep { get; set; }

    /// <summary>Evaluations in a row without improvement.</summary>
    public int WithoutImprovement { get; set; }

    /// <summary>The precision that was chosen.</summary>
    public string Precision { get; set; } = "";

    /// <summary>The engine's threads: the same number gives the same bits.</summary>
    public int Threads { get; set; }

    /// <summary>The state of the engine's random numbers (dropout), base64. What C# draws depends on seed and step alone.</summary>
    public string EngineRandomState { get; set; } = "";

    /// <summary>What makes this run the same run: fingerprints and options by name.</summary>
    public SortedDictionary<string, string> Identity { get; set; } = new(StringComparer.Ordinal);

    internal byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, Json);

    /// <exception cref="ModelFormatException">The bytes are not a state, or one of another format.</exception>
    internal static TrainingState FromBytes(ReadOnlySpan<byte> bytes, string file)
    {
        try
        {
            var state = JsonSerializer.Deserialize<TrainingState>(bytes, Json) ?? throw new ModelFormatException(file, "it is empty.");
            return state.Format == CurrentFormat
                ? state
                : throw new ModelFormatException(file, $"the checkpoint is of format {state.Format}, and this version reads {CurrentFormat}: resume with the version that wrote it.");
        }
        catch (JsonException problem)
        {
            throw new ModelFormatException(file, $"it is not a checkpoint's state ({problem.Message})", problem);
        }
    }
}
