using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Ml.Llm.Bench.Training;

namespace Ml.Llm.Bench;

/// <summary>The training jobs: every precision, variant and way through within one process.</summary>
internal static class TrainingJobs
{
    private const int PeakSteps = 3;

    /// <summary>Measures a job and writes its lines: within a precision all in turns, since two pipelines cannot share a thread.</summary>
    internal static void Run(string job, BenchOptions options, double? matmul)
    {
        var shape = TrainingShape.Of(job);
        foreach (var precision in (string[])["fp32", "bf16"])
        {
            using var plain = LoopContender.Plain(shape, precision);
            using var fast = LoopContender.Default(shape, precision);
            using var pipeline = PipelineContender.Of(shape, precision);
            // Neighbours change a machine's rate within minutes: what it gives during this very measurement is measured too.
            using var yardstick = RawSpeed.YardstickBeside();
            var rates = Measurement.Alternate([plain, fast, yardstick], options.Seconds, pipeline);
            var beside = rates.Single(measured => measured.Contender == yardstick).Median;
            foreach (var measured in rates.Where(measured => measured.Contender != yardstick))
                Report.Line(Report.Of(measured, matmul, PeakAlone(measured.Contender, options), beside));
        }
    }

    /// <summary>A few steps of one contender in this process, and its peak memory on stdout.</summary>
    internal static void RunForPeak(string name)
    {
        var parts = name.Split(':');
        var (shape, precision, variant, through) = (TrainingShape.Of(parts[0]), parts[1], parts[2], parts[3]);
        if (through == "pipeline")
        {
            var steps = 0;
            using var pipeline = PipelineContender.Of(shape, precision);
            pipeline.Run(_ => ++steps < PeakSteps);
        }
        else
        {
            using var loop = variant == "plain" ? LoopContender.Plain(shape, precision) : LoopContender.Default(shape, precision);
            for (var i = 0; i < PeakSteps; i++)
                loop.Step();
        }

        Report.Line(new JsonObject { ["peak_mib"] = Machine.PeakMib() });
    }

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
