using System.Globalization;
using ScottPlot;

namespace Ml.Llm.Samples.QuickStart;

/// <summary>The loss over the steps as a picture, from a run's metrics file, so that a resumed run's curve is whole.</summary>
internal static class LossCurve
{
    // A name that no system has, so that the text's font is the one that travels with the program.
    private const string Font = "Quick Start";

    /// <summary>Draws the picture.</summary>
    /// <param name="metrics">The losses.</param>
    /// <param name="picture">The PNG to write.</param>
    /// <returns>False where there is no step to draw.</returns>
    internal static bool Draw(RunMetrics metrics, string picture)
    {
        var (training, heldOut) = (metrics.Training, metrics.HeldOut);
        if (training.Count == 0)
            return false;
        // Where the system has no fonts no text would be drawn at all.
        Fonts.AddFontFile(Font, Path.Combine(AppContext.BaseDirectory, "Fonts", "DejaVuSans.ttf"));
        Fonts.Default = Font;
        using var plot = new Plot();
        plot.Font.Set(Font);
        var places = training.Select(static point => point.Step).ToArray();
        var losses = training.Select(static point => point.Loss).ToArray();
        var each = plot.Add.Scatter(places, losses, Color.FromHex("#4C78A8").WithAlpha(0.25));
        each.MarkerSize = 0;
        var steps = plot.Add.Scatter(places, Smooth(losses), Color.FromHex("#4C78A8"));
        steps.MarkerSize = 0;
        steps.LineWidth = 2;
        steps.LegendText = "training";
        if (heldOut.Count > 0)
        {
            var evaluations = plot.Add.Scatter(heldOut.Select(static point => point.Step).ToArray(), heldOut.Select(static point => point.Loss).ToArray(), Color.FromHex("#E45756"));
            evaluations.MarkerSize = 9;
            evaluations.LineWidth = 2;
            evaluations.LegendText = "held out";
            var (lastStep, lastLoss) = heldOut[^1];
            var label = plot.Add.Text(string.Create(CultureInfo.InvariantCulture, $"perplexity {Math.Exp(lastLoss):0.0}"), lastStep, lastLoss);
            label.LabelAlignment = Alignment.LowerRight;
            label.LabelFontColor = Color.FromHex("#E45756");
            label.LabelFontSize = 15;
            label.OffsetY = -8;
        }

        plot.Title("Loss of the model over training", size: 20);
        plot.XLabel("optimizer steps", size: 15);
        plot.YLabel("nats a token", size: 15);
        plot.Axes.Bottom.TickLabelStyle.FontSize = 13;
        plot.Axes.Left.TickLabelStyle.FontSize = 13;
        plot.Grid.MajorLineColor = Colors.Black.WithAlpha(0.08);
        plot.Axes.Margins(left: 0.01, right: 0.03);
        var legend = plot.ShowLegend(Alignment.UpperRight);
        legend.FontSize = 15;
        legend.FontName = Font;
        plot.SavePng(picture, 1000, 600);
        return true;
    }

    // A mean over neighbours on both sides: single steps jump with their texts, and a mean of the past alone would lag behind.
    private static double[] Smooth(double[] values)
    {
        var reach = values.Length / 60;
        return [.. values.Select((_, i) =>
        {
            var around = Math.Min(reach, Math.Min(i, values.Length - 1 - i));
            return values.AsSpan(i - around, (2 * around) + 1).ToArray().Average();
        })];
    }
}
