using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using TorchSharp;

namespace Ml.Llm.Bench;

/// <summary>The machine and this process, as the system tells.</summary>
internal static class Machine
{
    /// <summary>The first line: engine, version, threads, processor.</summary>
    internal static JsonObject Describe() => new()
    {
        ["engine"] = $"TorchSharp {typeof(torch).Assembly.GetName().Version?.ToString(3)}, libtorch {torch.__version__}",
        ["version"] = typeof(LanguageModel).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0],
        ["threads"] = TorchEngine.Threads,
        ["processor"] = Processor(),
        ["processors"] = Environment.ProcessorCount,
        ["runtime"] = RuntimeInformation.FrameworkDescription,
        ["os"] = RuntimeInformation.OSDescription,
    };

    /// <summary>The most memory that this process has had resident, in MiB.</summary>
    internal static double PeakMib() =>
        StatusMib("VmHWM") ?? System.Diagnostics.Process.GetCurrentProcess().PeakWorkingSet64 / (1024.0 * 1024);

    /// <summary>The anonymous memory that is resident now, in MiB; null where the system does not tell.</summary>
    internal static double? AnonymousMib() => StatusMib("RssAnon");

    private static double? StatusMib(string field)
    {
        const string Status = "/proc/self/status";
        if (!File.Exists(Status))
            return null;
        var line = File.ReadLines(Status).FirstOrDefault(text => text.StartsWith(field + ":", StringComparison.Ordinal));
        return line is null ? null : double.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    private static string Processor()
    {
        const string Information = "/proc/cpuinfo";
        var name = File.Exists(Information) ? File.ReadLines(Information).FirstOrDefault(static line => line.StartsWith("model name", StringComparison.Ordinal)) : null;
        var flags = File.Exists(Information) ? File.ReadLines(Information).FirstOrDefault(static line => line.StartsWith("flags", StringComparison.Ordinal)) ?? "" : "";
        var features = string.Join(' ', ((string[])["avx2", "avx512f", "avx512_bf16", "amx_bf16"]).Where(flags.Split(' ').Contains));
        return $"{name?.Split(':')[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString()} ({features})";
    }
}
