using System.Diagnostics;
using Microsoft.ML;
using Spectre.Console;

namespace Ml.Llm.Samples.QuickStart;

/// <summary>A trained model at work: loaded from its zip by plain ML.NET, in a process that has done nothing else.</summary>
internal static class Completions
{
    /// <summary>Prompts that suit the SDK's documentation.</summary>
    internal static readonly IReadOnlyList<string> Examples =
    [
        "Stack<T>.TryPop(out T result)\n",
        "Gets a value that indicates whether",
        "HttpListener(string prefix, int port)\nInitializes a new instance of the",
    ];

    /// <summary>Loads a model and completes prompts.</summary>
    /// <param name="zip">What ml.Model.Save wrote.</param>
    /// <param name="prompts">The beginnings; empty for three of the quick start's own.</param>
    internal static void Run(string zip, IReadOnlyList<string> prompts)
    {
        var ml = new MLContext();
        var model = ml.Model.Load(zip, out _);
        var rows = (prompts.Count > 0 ? prompts : Examples).Select(static text => new Prompt { Text = text });
        var completed = model.Transform(ml.Data.LoadFromEnumerable(rows.ToList()));
        foreach (var row in ml.Data.CreateEnumerable<Completed>(completed, reuseRowObject: false))
        {
            AnsiConsole.WriteLine();
            AnsiConsole.Write(new Text(row.Text, new Style(decoration: Decoration.Bold)));
            AnsiConsole.WriteLine(row.GeneratedText);
        }

        (model as IDisposable)?.Dispose();
    }

    /// <summary>Does <see cref="Run"/> in a new process.</summary>
    internal static void RunInNewProcess(string zip, IReadOnlyList<string> prompts)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { UseShellExecute = false };
        string[] host = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [typeof(Completions).Assembly.Location] : [];
        foreach (var argument in host.Append("--complete").Append(zip).Concat(prompts))
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new LlmException($"The model was saved, but a new process could not complete text with it (exit code {process.ExitCode}); its message is above.");
    }

    private sealed class Prompt
    {
        public string Text { get; set; } = "";
    }

    private sealed class Completed
    {
        public string Text { get; set; } = "";

        public string GeneratedText { get; set; } = "";
    }
}
