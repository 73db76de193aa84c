using System.Text.Json;

namespace Ml.Llm.Training;

/// <summary>Metrics as JSON lines, each flushed when its step ends. A resumed run drops the lines of steps that it does again.</summary>
/// <threadsafety>Not safe.</threadsafety>
internal sealed class MetricsFile : IDisposable
{
    private readonly FileStream stream;

    /// <summary>Opens the file.</summary>
    /// <param name="path">Where it lies; its folder is made.</param>
    /// <param name="resumedAt">The step gone on from, whose lines and those before stay; 0 replaces the file.</param>
    internal MetricsFile(string path, long resumedAt)
    {
        var full = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        if (resumedAt > 0 && File.Exists(full))
        {
            var aside = full + ".tmp";
            File.WriteAllLines(aside, File.ReadLines(full).Where(line => StepOf(line) is { } step && step <= resumedAt));
            File.Move(aside, full, overwrite: true);
        }

        stream = new FileStream(full, resumedAt > 0 ? FileMode.Append : FileMode.Create, FileAccess.Write, FileShare.Read);
    }

    /// <summary>Writes a line. Numbers that are not finite are written as null, since JSON has no word for them.</summary>
    internal void Write(long step, params ReadOnlySpan<(string Name, double Value)> values)
    {
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteNumber("step", step);
            foreach (var (name, value) in values)
            {
                if (double.IsFinite(value))
                    json.WriteNumber(name, value);
                else
                    json.WriteNull(name);
            }

            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        stream.Flush();
    }

    public void Dispose() => stream.Dispose();

    /// <summary>The step of a line, or null where a kill left half a line.</summary>
    private static long? StepOf(string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            return json.RootElement.GetProperty("step").GetInt64();
        }
        catch (Exception problem) when (problem is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }
}
