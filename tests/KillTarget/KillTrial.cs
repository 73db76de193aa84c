using System.Diagnostics;
using System.Globalization;

namespace Ml.Llm.KillTarget;

/// <summary>Starts this program as a child again and again and kills it at random moments (SIGKILL).</summary>
/// <param name="arguments">The child's arguments. It says "ready" once and "saved STEP" for each step that must outlive it.</param>
/// <param name="seed">Of the moments.</param>
public sealed class KillTrial(IReadOnlyList<string> arguments, int seed)
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private readonly Random random = new(seed);

    /// <summary>The child is killed after 0 to so many of its acknowledgements, so that it gets on however slow the machine is,</summary>
    public int MostSteps { get; init; } = 5;

    /// <summary>and so much later at most.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Kills so many times.</summary>
    /// <param name="kills">How often.</param>
    /// <param name="check">Called after each kill with the last step that the child acknowledged, 0 for none.</param>
    public void Run(int kills, Action<long> check)
    {
        for (var kill = 0; kill < kills; kill++)
            check(KillOnce());
    }

    /// <summary>Starts the child; its output is read by the caller.</summary>
    public static Process Start(IEnumerable<string> arguments)
    {
        var host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        var program = Path.Combine(AppContext.BaseDirectory, "Ml.Llm.KillTarget.dll");
        return Process.Start(new ProcessStartInfo(host, ["exec", program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
    }

    private long KillOnce()
    {
        using var child = Start(arguments);
        using var said = new SemaphoreSlim(0);
        var saved = 0L;
        var errors = child.StandardError.ReadToEndAsync();
        // On a thread of its own: the child must never wait for its output to be read.
        var reading = Task.Factory.StartNew(() =>
        {
            while (child.StandardOutput.ReadLine() is { } line)
            {
                if (line.StartsWith("saved ", StringComparison.Ordinal))
                    saved = long.Parse(line.AsSpan("saved ".Length), CultureInfo.InvariantCulture);
                else if (line != "ready")
                    continue;
                said.Release();
            }

            said.Release(MostSteps + 1);
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var steps = random.Next(MostSteps + 1);
        for (var heard = 0; heard <= steps; heard++)
        {
            if (said.Wait(StartLimit))
                continue;
            child.Kill();
            reading.Wait();
            throw new TimeoutException($"The child said nothing for {StartLimit.TotalSeconds:F0} s: {errors.Result}");
        }

        Thread.Sleep(TimeSpan.FromTicks((long)(random.NextDouble() * LongestWait.Ticks)));
        var endedByItself = child.HasExited;
        child.Kill();
        child.WaitForExit();
        reading.Wait();
        if (endedByItself)
            throw new InvalidOperationException($"The child ended by itself, with code {child.ExitCode}: {errors.Result}");
        return saved;
    }
}
