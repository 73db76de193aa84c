using System.Diagnostics;
using System.Text;

namespace Ml.Llm.Packaging.Tests;

/// <summary>Runs the .NET command line and programs built by it.</summary>
internal static class CommandLine
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    /// <summary>What a process wrote and how it ended.</summary>
    internal sealed record Result(int ExitCode, string Output)
    {
        /// <summary>The output, where the process ended well; a failed test that shows the output otherwise.</summary>
        internal string Succeeded()
        {
            Assert.AreEqual(0, ExitCode, Output);
            return Output;
        }
    }

    /// <summary>Runs dotnet with arguments.</summary>
    /// <param name="folder">The working folder.</param>
    /// <param name="environment">Variables to set.</param>
    /// <param name="arguments">The arguments.</param>
    internal static Result DotNet(string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", arguments)
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // What the test run's own MSBuild has set would lead this one astray.
        foreach (var name in start.Environment.Keys.Where(static name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(name);
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["DOTNET_NOLOGO"] = "1";
        foreach (var (name, value) in environment)
            start.Environment[name] = value;

        var output = new StringBuilder();
        using var process = new Process { StartInfo = start };
        void Keep(string? line)
        {
            lock (output)
                output.AppendLine(line);
        }

        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (!process.WaitForExit(Limit))
        {
            process.Kill(entireProcessTree: true);
            Keep($"dotnet {string.Join(' ', arguments)} did not end within {Limit}.");
            return new Result(-1, output.ToString());
        }

        process.WaitForExit(); // Until both streams are read to their end.
        return new Result(process.ExitCode, output.ToString());
    }
}
