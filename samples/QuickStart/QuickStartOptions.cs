using System.Globalization;

namespace Ml.Llm.Samples.QuickStart;

/// <summary>What the command line asks for.</summary>
internal sealed record QuickStartOptions
{
    internal const string Usage = """
        Trains a small language model and completes three prompts with it.

          --minutes N        how long to train (default 5)
          --corpus PATH      your own text: a file, a folder of .txt files, or a pattern (default: the .NET SDK's documentation)
          --resume           go on with the newest run that was stopped, from its last checkpoint
          --out FOLDER       where runs are kept (default runs); each has a folder of its own
          --precision P      auto, fp32 or bf16 (default auto: what is faster on this machine)
          --threads N        the engine's threads (default: all processors)
          --seed N           what everything random is drawn from (default 1)
          --complete ZIP     load a trained model and complete its prompts, nothing else; further arguments are prompts of your own
        """;

    internal double Minutes { get; private init; } = 5;

    internal string? Corpus { get; private init; }

    internal bool Resume { get; private init; }

    internal string Out { get; private init; } = "runs";

    internal Precision Precision { get; private init; } = Precision.Auto;

    internal int Threads { get; private init; } = Environment.ProcessorCount;

    internal int Seed { get; private init; } = 1;

    internal string? Complete { get; private init; }

    /// <summary>With <see cref="Complete"/>: prompts, else the three of the quick start.</summary>
    internal IReadOnlyList<string> Prompts { get; private init; } = [];

    internal bool Help { get; private init; }

    /// <summary>Reads the command line.</summary>
    /// <exception cref="UsageException">It is not understood.</exception>
    internal static QuickStartOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new QuickStartOptions();
        var given = new List<string>();
        for (var i = 0; i < arguments.Count; i++)
        {
            var name = arguments[i];
            // Prompts may begin with anything.
            if (options.Complete is not null)
            {
                options = options with { Prompts = [.. options.Prompts, name] };
                continue;
            }

            string Value() => ++i < arguments.Count ? arguments[i] : throw new UsageException($"{name} needs a value.");
            given.Add(name);
            options = name switch
            {
                "--minutes" => options with { Minutes = PositiveNumber(name, Value()) },
                "--corpus" => options with { Corpus = Path.GetFullPath(Value()) },
                "--resume" => options with { Resume = true },
                "--out" => options with { Out = Value() },
                "--precision" => options with { Precision = PrecisionOf(Value()) },
                "--threads" => options with { Threads = (int)Math.Max(1, PositiveNumber(name, Value())) },
                "--seed" => options with { Seed = WholeNumber(name, Value()) },
                "--complete" => options with { Complete = Value() },
                "--help" or "-h" => options with { Help = true },
                _ => throw new UsageException($"{name} is not known; --help lists what is."),
            };
        }

        var fixedByRun = given.Find(static name => name is "--minutes" or "--corpus" or "--precision" or "--seed");
        if (options.Resume && fixedByRun is not null)
            throw new UsageException($"--resume goes on with the run's own settings: leave {fixedByRun} out, or start a new run.");
        return options;
    }

    private static double PositiveNumber(string name, string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value > 0
            ? value
            : throw new UsageException($"{name} needs a number above 0, not '{text}'.");

    private static int WholeNumber(string name, string text) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new UsageException($"{name} needs a whole number, not '{text}'.");

    private static Precision PrecisionOf(string text) => text switch
    {
        "auto" => Precision.Auto,
        "fp32" => Precision.Fp32,
        "bf16" => Precision.Bf16,
        _ => throw new UsageException($"--precision is auto, fp32 or bf16, not '{text}'."),
    };
}
