using System.Globalization;
using Ml.Llm.Checkpoints;
using Ml.Llm.Models;
using Ml.Llm.Models.Layers;
using Ml.Llm.Training;
using static TorchSharp.torch;

namespace Ml.Llm.Golden.Tests;

/// <summary>An objective whose batches are those of a case, in their order.</summary>
internal sealed class GivenBatches(DecoderModel network, SafetensorsFile file) : ITrainingObjective
{
    private static readonly string[] KnownInputs = ["input_ids", "attention_mask", "labels", "position_ids", "segment_ids"];

    public ParameterSet Parameters => network.Parameters;

    public (long Rows, long Inner, long Outer) TypicalProduct => (64, 64, 64);

    public bool CanEvaluate => true;

    public long StepsFor(double epochs) => throw new InvalidOperationException("A case gives max_steps.");

    public double EpochAfter(long steps) => 0;

    public IReadOnlyList<MicroBatch> Collate(long step)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"step.{step + 1}");
        if (file.Entries.ContainsKey($"{name}.input_ids"))
            return [Read(name)];
        var batches = new List<MicroBatch>();
        while (file.Entries.ContainsKey(string.Create(CultureInfo.InvariantCulture, $"{name}.micro.{batches.Count + 1}.input_ids")))
            batches.Add(Read(string.Create(CultureInfo.InvariantCulture, $"{name}.micro.{batches.Count + 1}")));
        Assert.IsNotEmpty(batches, $"There is no batch of {name}.");
        return batches;
    }

    public LossResult Loss(MicroBatch batch, double scale) =>
        network.CausalLoss(network.Forward(batch.InputIds, batch.Layout), batch.Labels, scale);

    /// <summary>All batches of the file, without training on them.</summary>
    public Evaluation Evaluate(CancellationToken cancellationToken)
    {
        double sum = 0;
        long tokens = 0;
        for (long step = 0; file.Entries.ContainsKey(string.Create(CultureInfo.InvariantCulture, $"step.{step + 1}.input_ids")); step++)
        {
            using var scope = NewDisposeScope();
            foreach (var batch in Collate(step))
            {
                sum += Loss(batch, 1).Sum;
                tokens += batch.LabelCount;
            }
        }

        return new Evaluation(sum, tokens);
    }

    private MicroBatch Read(string prefix)
    {
        foreach (var key in file.Entries.Keys.Where(key => key.StartsWith(prefix + ".", StringComparison.Ordinal)))
            Assert.Contains(key[(prefix.Length + 1)..], KnownInputs, $"The input {key} is not known.");
        var ids = file.Read($"{prefix}.input_ids");
        var (batch, length) = ((int)ids.size(0), (int)ids.size(1));
        var given = TrainingCases.Longs(file, $"{prefix}.labels");
        var labels = new long[given.Length];
        for (var i = 0; i < labels.Length; i++)
            labels[i] = i % length == length - 1 ? TokenIds.Ignored : given[i + 1];
        return new MicroBatch(ids, tensor(labels, [batch, length]), labels.Count(static label => label != TokenIds.Ignored), Layout(prefix, batch, length));
    }

    private AttentionLayout? Layout(string prefix, int batch, int length)
    {
        if (!file.Entries.ContainsKey($"{prefix}.segment_ids"))
            return file.Entries.ContainsKey($"{prefix}.attention_mask") ? AttentionLayout.FromMask(TrainingCases.Longs(file, $"{prefix}.attention_mask"), batch, length) : null;
        var segments = TrainingCases.Longs(file, $"{prefix}.segment_ids");
        int[] positions = [.. TrainingCases.Longs(file, $"{prefix}.position_ids").Select(static position => (int)position)];
        var first = new int[segments.Length];
        for (var i = 0; i < first.Length; i++)
            first[i] = i % length > 0 && segments[i] == segments[i - 1] ? first[i - 1] : i % length;
        return AttentionLayout.Custom(first, positions, batch, length);
    }
}
