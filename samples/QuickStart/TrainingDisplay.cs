using System.Diagnostics;
using Spectre.Console;

namespace Ml.Llm.Samples.QuickStart;

/// <summary>What is seen of a training: a bar that lives on a terminal, a line now and then where output goes to a file.</summary>
internal static class TrainingDisplay
{
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(10);

    /// <summary>Runs a training and shows how it goes.</summary>
    /// <param name="train">Runs it, and is given what to call after each step.</param>
    internal static T Run<T>(Func<Action<TrainingProgress>, T> train) =>
        AnsiConsole.Profile.Capabilities.Interactive && !Console.IsOutputRedirected ? WithBar(train) : WithLines(train);

    private static T WithBar<T>(Func<Action<TrainingProgress>, T> train) => AnsiConsole.Progress()
        .Columns(new ProgressBarColumn { Width = 30 }, new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
        .Start(context =>
        {
            var bar = context.AddTask("starting");
            double? heldOut = null;
            return train(step =>
            {
                heldOut = step.ValidationPerplexity ?? heldOut;
                bar.MaxValue = step.MaxSteps;
                bar.Value = step.Step;
                bar.Description = Describe(step, heldOut);
            });
        });

    private static T WithLines<T>(Func<Action<TrainingProgress>, T> train)
    {
        double? heldOut = null;
        var last = 0L;
        return train(step =>
        {
            heldOut = step.ValidationPerplexity ?? heldOut;
            var isDue = last == 0 || Stopwatch.GetElapsedTime(last) >= BetweenLines;
            if (!isDue && step.ValidationLoss is null && step.Step < step.MaxSteps)
                return;
            last = Stopwatch.GetTimestamp();
            Console.WriteLine(FormattableString.Invariant($"step {step.Step}/{step.MaxSteps}: {Describe(step, heldOut)}"));
        });
    }

    private static string Describe(TrainingProgress step, double? heldOut)
    {
        var perplexity = heldOut is { } value ? FormattableString.Invariant($"{value:0.0}") : "-";
        return FormattableString.Invariant(
            $"loss {step.Loss:0.000}, held-out perplexity {perplexity}, {step.TokensPerSecond:N0} tokens/s, {step.Remaining:m\\:ss} left");
    }
}
