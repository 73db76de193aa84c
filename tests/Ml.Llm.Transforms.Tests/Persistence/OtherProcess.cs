using System.Diagnostics;
using System.Text.Json;

namespace Ml.Llm.Transforms.Tests.Persistence;

/// <summary>Runs ModelReader, which knows ML.NET alone, on a saved zip.</summary>
internal static class OtherProcess
{
    /// <summary>The values of the columns, a row for each text.</summary>
    public static List<JsonElement[]> Read(string zip, string[] columns, params string[] texts)
    {
        var output = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        var framework = Path.GetFileName(output);
        var configuration = Path.GetFileName(Path.GetDirectoryName(output))!;
        var program = Path.GetFullPath(Path.Combine(output, "..", "..", "..", "..", "ModelReader", "bin", configuration, framework, "ModelReader.dll"));
        var start = new ProcessStartInfo("dotnet", ["exec", program, zip, string.Join(',', columns), .. texts])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = System.Text.Encoding.UTF8,
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var lines = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode, errors.Result);
        return [.. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<JsonElement[]>(line)!)];
    }
}
