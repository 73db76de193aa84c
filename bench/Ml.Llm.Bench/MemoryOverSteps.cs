using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.ML;
using Microsoft.ML.Data;
using Ml.Llm.Bench.Training;
using TorchSharp;

namespace Ml.Llm.Bench;

/// <summary>
/// Whether memory stays flat: training causal14 through the pipeline on the documentation, repeated to a larger corpus where
/// asked. Watched are anonymous resident memory and live tensors after each step.
/// </summary>
internal static class MemoryOverSteps
{
    private const int Settled = 200;
    private const double Tolerance = 0.02;

    /// <returns>Whether the medians of the first and the last steps after settling differ by at most 2%, and no tensor was left over.</returns>
    internal static bool Run(BenchOptions options)
    {
        var shape = TrainingShape.Of("causal14");
        var ml = new MLContext(seed: 1);
        var text = DocumentationTokens.Load(ml).TrainSet;
        var tokenizer = ml.Llm.Tokenizers.TrainBytePairEncoding(text, DocumentationTokens.Column, shape.Config.VocabSize);
        var memory = new List<double>();
        var tensors = new List<double>();
        var trainer = ml.Llm.Trainers.CausalLanguageModel(tokenizer, shape.Config, new CausalLanguageModelOptions
        {
            TextColumnName = DocumentationTokens.Column,
            SequenceLength = shape.Length,
            Training = TrainingRules.Options(options.Precision, shape.Batch) with { MaxSteps = options.Steps, Progress = Watch },
        });
        using var model = trainer.Fit(options.Repeat == 1 ? text : Repeated(ml, text, options.Repeat));
        return Conclude(options, memory, tensors);

        void Watch(TrainingProgress step)
        {
            memory.Add(Machine.AnonymousMib() ?? throw new LlmException("This system does not tell anonymous resident memory: run it on Linux."));
            tensors.Add(torch.Tensor.TotalCount);
            if (step.Step % 100 == 0)
                Report.Line(new JsonObject { ["job"] = "memory", ["step"] = step.Step, ["rss_anon_mib"] = Report.Rounded(memory[^1]), ["tensors"] = tensors[^1] });
        }
    }

    private static bool Conclude(BenchOptions options, List<double> memory, List<double> tensors)
    {
        // Short runs settle sooner than they could be judged otherwise.
        var settled = Math.Min(Settled, memory.Count / 3);
        var part = Math.Max(1, (memory.Count - settled) / 4);
        var (first, last) = (Median(memory.GetRange(settled, part)), Median(memory.GetRange(memory.Count - part, part)));
        var (firstTensors, lastTensors) = (Median(tensors.GetRange(settled, part)), Median(tensors.GetRange(tensors.Count - part, part)));
        var isFlat = Math.Abs((last / first) - 1) <= Tolerance && firstTensors == lastTensors;
        Report.Line(new JsonObject
        {
            ["job"] = "memory",
            ["steps"] = memory.Count,
            ["precision"] = options.Precision,
            ["repeat"] = options.Repeat,
            ["rss_anon_mib_first"] = Report.Rounded(first),
            ["rss_anon_mib_last"] = Report.Rounded(last),
            ["change"] = Math.Round((last / first) - 1, 4),
            ["tensors_first"] = firstTensors,
            ["tensors_last"] = lastTensors,
            ["flat"] = isFlat,
        });
        return isFlat;
    }

    // The same texts again and again, each time told apart by a number, as a stream.
    private static IDataView Repeated(MLContext ml, IDataView text, int times) => ml.Data.LoadFromEnumerable(
        Enumerable.Range(1, times).SelectMany(time => text.GetColumn<string>(DocumentationTokens.Column)
            .Select(document => new Document { Text = string.Create(CultureInfo.InvariantCulture, $"{time}. {document}") })));

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }

    private sealed class Document
    {
        public string Text { get; set; } = "";
    }
}
