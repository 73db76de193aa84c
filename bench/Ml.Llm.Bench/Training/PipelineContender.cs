using Microsoft.ML;
using Microsoft.ML.Data;
using Ml.Llm.Models;

namespace Ml.Llm.Bench.Training;

/// <summary>A training job through the pipeline: the estimator's Fit over an IDataView with a column of ids.</summary>
internal sealed class PipelineContender : LoopOwner
{
    private const int Rows = 4_096;
    private readonly TrainingShape shape;

    private PipelineContender(TrainingShape shape) => this.shape = shape;

    internal static PipelineContender Of(TrainingShape shape, string precision)
    {
        using var counted = new DecoderModel(shape.Config.ToShape());
        return new PipelineContender(shape)
        {
            Job = shape.Job, Unit = "tokens/s", Precision = precision, Variant = "default", Through = "pipeline", Params = counted.Parameters.ParameterCount,
        };
    }

    internal override void Run(Func<double, bool> afterStep)
    {
        using var stop = new CancellationTokenSource();
        var ml = new MLContext(seed: 1);
        var trainer = ml.Llm.Trainers.CausalLanguageModel(IdTokenizer.Of(shape.Config.VocabSize), shape.Config, new CausalLanguageModelOptions
        {
            TextColumnName = nameof(IdRow.Ids),
            SequenceLength = shape.Length,
            Training = TrainingRules.Options(Precision, shape.Batch) with { MaxSteps = 1_000_000, LoggingSteps = 1_000_000, Progress = Pause },
        });
        using var model = trainer.Fit(RandomIds(ml), null, stop.Token);

        void Pause(TrainingProgress step)
        {
            if (!stop.IsCancellationRequested && !afterStep(shape.Batch * shape.Length))
                stop.Cancel();
        }
    }

    public override void Dispose()
    {
    }

    private IDataView RandomIds(MLContext ml)
    {
        // A row has the length that training cuts to.
        var random = new Random(1);
        var rows = Enumerable.Range(0, Rows).Select(_ => new IdRow { Ids = [.. Enumerable.Range(0, shape.Length).Select(_ => random.Next(shape.Config.VocabSize))] });
        return ml.Data.LoadFromEnumerable(rows.ToList());
    }

    internal sealed class IdRow
    {
        [VectorType]
        public int[] Ids { get; set; } = [];
    }
}
