using System.Diagnostics;
using System.Globalization;

namespace Ml.Llm.Bench.Tokenizers;

/// <summary>Runs the peers of bench/peers (Hugging Face's Rust library by Node) and passes their lines on.</summary>
internal static class PeerProcess
{
    /// <param name="folder">The folder of peers.mjs; null where no peer is asked for.</param>
    /// <param name="arguments">What peers.mjs is told.</param>
    /// <param name="threads">How many threads its Rust side may use.</param>
    internal static void Run(string? folder, IEnumerable<string> arguments, int threads)
    {
        if (folder is null)
            return;
        var start = new ProcessStartInfo("node", [Path.Combine(folder, "peers.mjs"), .. arguments]) { RedirectStandardOutput = true, UseShellExecute = false };
        start.Environment["RAYON_NUM_THREADS"] = threads.ToString(CultureInfo.InvariantCulture);
        start.Environment["TOKENIZERS_PARALLELISM"] = threads > 1 ? "true" : "false";
        using var process = Process.Start(start) ?? throw new LlmException("Node did not start: install it, or run without --peers.");
        while (process.StandardOutput.ReadLine() is { } line)
        {
            if (!line.StartsWith('{'))
                continue; // Rust's progress
            Console.Out.WriteLine(line);
            Console.Out.Flush();
        }

        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new LlmException($"bench/peers ended with code {process.ExitCode}.");
    }
}
