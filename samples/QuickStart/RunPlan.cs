using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ml.Llm.Samples.QuickStart;

/// <summary>What a run is: decided once, before its first step, and kept beside its checkpoints (run.json), so that resuming has the same schedule.</summary>
internal sealed record RunPlan
{
    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true, Converters = { new JsonStringEnumConverter() } };

    /// <summary>The user's text, or null for the SDK's documentation.</summary>
    public string? Corpus { get; init; }

    public double Minutes { get; init; }

    public int Seed { get; init; }

    public Precision Precision { get; init; }

    /// <summary>The optimizer steps of the whole run, by the rate that was measured.</summary>
    public int Steps { get; init; }

    public int EvaluateEverySteps { get; init; }

    public int EvaluationBatches { get; init; }

    /// <summary>Whether the last step was reached.</summary>
    public bool Finished { get; init; }

    /// <summary>Fixes the number of steps by a measured rate, evaluations counted in.</summary>
    /// <param name="options">What the user asked for.</param>
    /// <param name="stepSeconds">The time of a step.</param>
    internal static RunPlan Make(QuickStartOptions options, double stepSeconds)
    {
        const int Evaluations = 5;
        const double EvaluationCost = 1.0 / 3; // A forward pass is a third of a step.
        var stepsInTime = options.Minutes * 60 / stepSeconds;
        var batches = (int)Math.Clamp(stepsInTime / 16, 2, 64);
        var steps = (int)Math.Max(20, stepsInTime - (Evaluations * batches * EvaluationCost));
        return new RunPlan
        {
            Corpus = options.Corpus,
            Minutes = options.Minutes,
            Seed = options.Seed,
            Precision = options.Precision,
            Steps = steps,
            EvaluateEverySteps = (steps + Evaluations - 1) / Evaluations,
            EvaluationBatches = batches,
        };
    }

    /// <summary>Writes the plan, whole or not at all.</summary>
    internal void Save(string file)
    {
        var aside = file + ".new";
        File.WriteAllText(aside, JsonSerializer.Serialize(this, Format));
        File.Move(aside, file, overwrite: true);
    }

    /// <summary>Reads a plan.</summary>
    /// <exception cref="ModelFormatException">The file is not a plan.</exception>
    internal static RunPlan Load(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<RunPlan>(File.ReadAllText(file), Format) is { Steps: > 0 } plan
                ? plan
                : throw new ModelFormatException(file, "it is not a run's plan. Start a new run.");
        }
        catch (JsonException broken)
        {
            throw new ModelFormatException(file, "it is not a run's plan. Start a new run.", broken);
        }
    }
}
