using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ml.Llm.Bench;

/// <summary>The JSON lines on stdout.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Format = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes one line.</summary>
    internal static void Line(JsonObject line)
    {
        Console.Out.WriteLine(line.ToJsonString(Format));
        Console.Out.Flush();
    }

    /// <summary>The line of a measurement.</summary>
    /// <param name="measured">The rates.</param>
    /// <param name="matmul">GFLOP/s of bf16 2048 x 2048 x 2048 in this run, where it was measured.</param>
    /// <param name="peakMib">The peak memory of a process that does this alone, where it was measured.</param>
    /// <param name="beside">The same rate, measured in turns with this job, where it was.</param>
    internal static JsonObject Of(Measurement measured, double? matmul, double? peakMib, double? beside = null)
    {
        var contender = measured.Contender;
        var line = new JsonObject { ["job"] = contender.Job };
        if (contender.Shape is { } shape)
            line["shape"] = shape;
        line["unit"] = contender.Unit;
        line["median"] = Rounded(measured.Median);
        line["best"] = Rounded(measured.Best);
        line["worst"] = Rounded(measured.Worst);
        line["steps"] = measured.Steps;
        line["precision"] = contender.Precision;
        if (contender.Variant is { } variant)
            line["variant"] = variant;
        if (contender.Through is { } through)
            line["through"] = through;
        if (contender.Params is { } parameters)
        {
            line["params"] = parameters;
            if (matmul is { } rate)
                line["share"] = Share(rate);
            if (beside is { } rateBeside)
                line["share_beside"] = Share(rateBeside);

            double Share(double gigaflops) => Math.Round(6.0 * parameters * measured.Median / (gigaflops * 1e9), 3);
        }

        if (peakMib is { } peak)
            line["peak_mib"] = Math.Round(peak);
        return line;
    }

    internal static double Rounded(double value) => Math.Round(value, value < 100 ? 2 : 1);
}
