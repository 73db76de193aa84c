using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Ml.Llm.Bench.Training;

namespace Ml.Llm.Bench;

/// <summary>The training jobs: every precision, variant and way through, in turns within one process.</summary>
internal static class TrainingJobs
{
    private static readonly (string Precision, string Variant, string Through)[] Kinds =
    [
        .. ((string[])["fp32", "bf16"]).SelectMany(static precision => ((string, string)[])[("plain", "loop"), ("default", "loop"), ("default", "pipeline")],
            static (precision, kind) => (precision, kind.Item1, kind.Item2)),
    ];

    /// <summary>Measures a job and writes its lines.</summary>
    internal static void Run(string job, BenchOptions options, double? matmul)
    {
        var shape = TrainingShape.Of(job);
        var contenders = Kinds.Select(kind => Make(shape, kind.Precision, kind.Variant, kind.Through)).ToList();
        try
        {
            foreach (var measured in Measurement.Alternate(contenders, options.Seconds))
                Report.Line(Report.Of(measured, matmul, PeakAlone(measured.Contender, options)));
        }
        finally
        {
            contenders.ForEach(static contender => contender.Dispose());
        }
    }

    /// <summary>A few steps of one contender in this process, and its peak memory on stdout.</summary>
    internal static void RunForPeak(string name)
    {
        const int Steps = 3;
        var parts = name.Split(':');
        using var contender = Make(TrainingShape.Of(parts[0]), parts[1], parts[2], parts[3]);
        for (var i = 0; i < Steps; i++)
            contender.Step();
        Report.Line(new JsonObject { ["peak_mib"] = Machine.PeakMib() });
    }

    private static Contender Make(TrainingShape shape, string precision, string variant, string through) => (variant, through) switch
    {
        ("plain", "loop") => LoopContender.Plain(shape, precision),
        ("default", "loop") => LoopContender.Default(shape, precision),
        ("default", "pipeline") => PipelineContender.Of(shape, precision),
        _ => throw new UsageException($"There is no variant {variant} through {through}."),
    };

    // Peak memory is the process's, and here several models live side by side: a process of its own tells each one's.
    private static double? PeakAlone(Contender contender, BenchOptions options)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, UseShellExecute = false };
        string[] arguments =
        [
            typeof(TrainingJobs).Assembly.Location, "peak", "--threads", options.Threads.ToString(CultureInfo.InvariantCulture),
            "--contender", $"{contender.Job}:{contender.Precision}:{contender.Variant}:{contender.Through}",
        ];
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        var last = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault();
        return process.ExitCode == 0 && last is not null ? JsonNode.Parse(last)!["peak_mib"]!.GetValue<double>() : null;
    }
}
