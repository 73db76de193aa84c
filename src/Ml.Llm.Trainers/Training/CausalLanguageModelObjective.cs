using Ml.Llm.Data;
using Ml.Llm.Models;
using Ml.Llm.Models.Layers;
using static TorchSharp.torch;

namespace Ml.Llm.Training;

/// <summary>Predict the next token: rows of a token file, in a new random order every epoch.</summary>
/// <threadsafety>Used by one thread.</threadsafety>
internal sealed class CausalLanguageModelObjective : ITrainingObjective
{
    private readonly DecoderModel network;
    private readonly TokenWindows training;
    private readonly TokenWindows? validation;
    private readonly TrainingOptions options;
    private readonly long lastRow;
    private WindowOrder? order;
    private long orderedEpoch = -1;

    internal CausalLanguageModelObjective(DecoderModel network, TokenWindows training, TokenWindows? validation, TrainingOptions options)
    {
        this.network = network;
        this.training = training;
        this.validation = validation;
        this.options = options;
        lastRow = options.MaxSteps is null ? RowsOf(options.NumTrainEpochs) : long.MaxValue;
    }

    public ParameterSet Parameters => network.Parameters;

    public (long Rows, long Inner, long Outer) TypicalProduct =>
        ((long)options.BatchSize * training.Length, network.Shape.HiddenSize, network.Shape.IntermediateSize);

    public bool CanEvaluate => validation is not null;

    private long RowsPerStep => (long)options.BatchSize * options.GradientAccumulationSteps;

    public long StepsFor(double epochs) => Math.Max(1, (RowsOf(epochs) + RowsPerStep - 1) / RowsPerStep);

    public double EpochAfter(long steps) => (double)Math.Min(steps * RowsPerStep, lastRow) / training.Count;

    /// <inheritdoc/>
    /// <remarks>Rows are counted through all epochs; row r is in epoch r / count. Steps run across the ends of epochs.</remarks>
    public IReadOnlyList<MicroBatch> Collate(long step)
    {
        var batches = new List<MicroBatch>(options.GradientAccumulationSteps);
        var next = step * RowsPerStep;
        var end = Math.Min(next + RowsPerStep, lastRow);
        while (next < end)
        {
            var rows = new long[Math.Min(options.BatchSize, end - next)];
            for (var i = 0; i < rows.Length; i++)
                rows[i] = RowAt(next + i);
            batches.Add(Batch(training, rows));
            next += rows.Length;
        }

        return batches;
    }

    public LossResult Loss(MicroBatch batch, double scale)
    {
        network.Training = true;
        return Forward(batch, scale);
    }

    public Evaluation Evaluate(CancellationToken cancellationToken)
    {
        network.Training = false;
        var windows = validation!;
        var batches = (windows.Count + options.EvaluationBatchSize - 1) / options.EvaluationBatchSize;
        var chosen = Math.Min(batches, options.MaxEvaluationBatches ?? batches);
        double sum = 0;
        long tokens = 0;
        for (long i = 0; i < chosen; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var first = i * batches / chosen * options.EvaluationBatchSize;
            var rows = new long[Math.Min(options.EvaluationBatchSize, windows.Count - first)];
            for (var row = 0; row < rows.Length; row++)
                rows[row] = first + row;
            using var batch = Batch(windows, rows);
            sum += Forward(batch, 1).Sum;
            tokens += batch.LabelCount;
        }

        return new Evaluation(sum, tokens);
    }

    private LossResult Forward(MicroBatch batch, double scale) =>
        network.CausalLoss(network.Forward(batch.InputIds, batch.Layout), batch.Labels, scale);

    private long RowsOf(double epochs) => (long)Math.Ceiling(epochs * training.Count);

    private long RowAt(long place)
    {
        var (epoch, within) = Math.DivRem(place, training.Count);
        if (order is null || orderedEpoch != epoch)
            (order, orderedEpoch) = (new WindowOrder(options.Seed, training.Count, epoch), epoch);
        return order[within];
    }

    private MicroBatch Batch(TokenWindows windows, long[] rows)
    {
        var length = windows.Length;
        var ids = new long[rows.Length * length];
        var labels = new long[ids.Length];
        long count = 0;
        for (var row = 0; row < rows.Length; row++)
            count += windows.Read(rows[row], ids.AsSpan(row * length, length), labels.AsSpan(row * length, length));
        return new MicroBatch(
            tensor(ids, [rows.Length, length], device: network.Device), tensor(labels, [rows.Length, length], device: network.Device), count);
    }
}
