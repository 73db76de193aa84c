using System.Runtime.InteropServices;
using Ml.Llm;
using Ml.Llm.Samples.QuickStart;

// The first Ctrl+C or SIGTERM ends training with the model so far; a second one ends the program at once.
using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);

try
{
    var options = QuickStartOptions.Parse(args);
    if (options.Help)
        Console.WriteLine(QuickStartOptions.Usage);
    else if (options.Complete is { } zip)
        Completions.Run(zip, options.Prompts);
    else
        new QuickStartRun(options, stop.Token).Run();
    return 0;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    Console.Error.WriteLine("Stopped before training began: there is no model yet.");
    return 130;
}
catch (NonFiniteLossException failure)
{
    using (failure)
        Console.Error.WriteLine(failure.Message);
    return 1;
}
catch (Exception problem) when (problem is LlmException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine(problem.Message);
    return problem is UsageException ? 2 : 1;
}

void Stop(PosixSignalContext signal)
{
    if (stop.IsCancellationRequested)
        return;
    signal.Cancel = true;
    stop.Cancel();
}
