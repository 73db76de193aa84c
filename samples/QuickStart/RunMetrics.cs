using System.Text.Json;

namespace Ml.Llm.Samples.QuickStart;

/// <summary>The losses of a run by its metrics file, what was done before it was resumed included; nats a token.</summary>
internal sealed class RunMetrics
{
    private RunMetrics()
    {
    }

    /// <summary>The loss of every step.</summary>
    internal List<(double Step, double Loss)> Training { get; } = [];

    /// <summary>The loss on held-out text at every evaluation.</summary>
    internal List<(double Step, double Loss)> HeldOut { get; } = [];

    /// <summary>The least held-out loss, which is that of the model kept; null before the first evaluation.</summary>
    internal double? BestHeldOut => HeldOut.Count == 0 ? null : HeldOut.Min(static point => point.Loss);

    /// <summary>Reads a metrics file: JSON lines with step and loss, or step and eval_loss.</summary>
    internal static RunMetrics Read(string file)
    {
        var metrics = new RunMetrics();
        foreach (var line in File.Exists(file) ? File.ReadLines(file) : [])
        {
            using var json = JsonDocument.Parse(line);
            var step = json.RootElement.GetProperty("step").GetDouble();
            if (json.RootElement.TryGetProperty("loss", out var loss) && loss.ValueKind == JsonValueKind.Number)
                metrics.Training.Add((step, loss.GetDouble()));
            if (json.RootElement.TryGetProperty("eval_loss", out loss) && loss.ValueKind == JsonValueKind.Number)
                metrics.HeldOut.Add((step, loss.GetDouble()));
        }

        return metrics;
    }
}
