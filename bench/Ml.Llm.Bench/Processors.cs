using System.Diagnostics;

namespace Ml.Llm.Bench;

/// <summary>Which processors the calling thread runs on, where the system lets us say.</summary>
internal static class Processors
{
    private static readonly bool s_canChoose = OperatingSystem.IsLinux() && Environment.ProcessorCount is > 1 and < 64;

    /// <summary>The calling thread runs on one processor: the one of this number, which may go on beyond their count.</summary>
    internal static void UseOne(int number) => Set(1L << (number % Environment.ProcessorCount));

    /// <summary>The calling thread runs on any; threads that it starts from now on do too.</summary>
    internal static void UseAll() => Set((1L << Environment.ProcessorCount) - 1);

    private static void Set(long mask)
    {
        if (!s_canChoose || !OperatingSystem.IsLinux())
            return;
        // On Linux this is the affinity of the main thread, which measures.
        using var process = Process.GetCurrentProcess();
        process.ProcessorAffinity = (nint)mask;
    }
}
