using System.Globalization;

namespace Ml.Llm.Bench;

/// <summary>What the command line asks for.</summary>
internal sealed record BenchOptions
{
    internal static readonly string[] AllJobs = ["matmul", "bandwidth", "causal14", "llama", "causal124", "encode", "train-tokenizer"];

    /// <summary>The jobs, in the order of <see cref="AllJobs"/>.</summary>
    internal IReadOnlyList<string> Jobs { get; private init; } = AllJobs;

    /// <summary>How long each measurement lasts, in seconds.</summary>
    internal double Seconds { get; private init; } = 15;

    /// <summary>The engine's threads.</summary>
    internal int Threads { get; private init; } = 2;

    /// <summary>Of learning: the tokens to train on.</summary>
    internal long Tokens { get; private init; } = 3_000_000;

    /// <summary>Of memory: the training steps.</summary>
    internal int Steps { get; private init; } = 1_000;

    /// <summary>Of memory: how many times larger than the documentation the corpus is.</summary>
    internal int Repeat { get; private init; } = 1;

    /// <summary>Of learning and memory: fp32 or bf16.</summary>
    internal string Precision { get; private init; } = "bf16";

    /// <summary>Of peak: the one contender to run, as JOB:PRECISION:VARIANT:THROUGH.</summary>
    internal string? Contender { get; private init; }

    /// <summary>Of the tokenizer jobs: the folder of the peers that are measured beside; null: ours alone.</summary>
    internal string? Peers { get; private init; }

    /// <summary>Of the tokenizer jobs: where tokenizers and texts are made and kept.</summary>
    internal string Folder { get; private init; } = Path.Combine(Path.GetTempPath(), "ml-llm-bench-tokenizers");

    /// <summary>Reads the command line.</summary>
    /// <exception cref="UsageException">It is not understood; the message says how it is meant.</exception>
    internal static BenchOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new BenchOptions();
        var jobs = new List<string>();
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            string Value() => ++i < arguments.Count ? arguments[i] : throw new UsageException($"{argument} needs a value.");
            options = argument switch
            {
                "--seconds" => options with { Seconds = Number(argument, Value()) },
                "--threads" => options with { Threads = (int)Number(argument, Value()) },
                "--tokens" => options with { Tokens = (long)Number(argument, Value()) },
                "--steps" => options with { Steps = (int)Number(argument, Value()) },
                "--repeat" => options with { Repeat = (int)Number(argument, Value()) },
                "--precision" => options with { Precision = OneOf(argument, Value(), "fp32", "bf16") },
                "--contender" => options with { Contender = Value() },
                "--peers" => options with { Peers = Value() },
                "--folder" => options with { Folder = Value() },
                _ => options,
            };
            if (!argument.StartsWith('-'))
                jobs.Add(argument);
            else if (argument is not ("--seconds" or "--threads" or "--tokens" or "--steps" or "--repeat" or "--precision" or "--contender" or "--peers" or "--folder"))
                throw new UsageException($"{argument} is not known. Usage: bench/run.sh [JOB ...] [--seconds 15] [--threads 2].");
        }

        string[] known = [.. AllJobs, "chat", "learning", "memory", "peak"];
        var unknown = jobs.Except(known).FirstOrDefault();
        if (unknown is not null)
            throw new UsageException($"There is no job {unknown}; there are {string.Join(", ", AllJobs)}.");
        return jobs.Count == 0 ? options : options with { Jobs = [.. known.Where(jobs.Contains)] };
    }

    private static double Number(string name, string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value > 0
            ? value
            : throw new UsageException($"{name} needs a number above 0, not '{text}'.");

    private static string OneOf(string name, string text, params string[] allowed) =>
        allowed.Contains(text) ? text : throw new UsageException($"{name} is one of {string.Join(", ", allowed)}, not '{text}'.");
}
