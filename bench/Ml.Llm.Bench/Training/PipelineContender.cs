using Microsoft.ML;
using Microsoft.ML.Data;
using Ml.Llm.Models;

namespace Ml.Llm.Bench.Training;

/// <summary>
/// A training job through the pipeline: the estimator's Fit over an IDataView with a column of ids. Fit runs on a thread of
/// its own that waits after every step, so that it can take turns with the bare loops.
/// </summary>
internal sealed class PipelineContender : Contender
{
    private const int Rows = 4_096;
    private readonly SemaphoreSlim go = new(0);
    private readonly SemaphoreSlim done = new(0);
    private readonly CancellationTokenSource stop = new();
    private readonly Thread thread;
    private readonly int tokensPerStep;
    private Exception? failure;
    private bool ended;

    private PipelineContender(TrainingShape shape, string precision)
    {
        tokensPerStep = shape.Batch * shape.Length;
        thread = new Thread(() => Train(shape, precision)) { IsBackground = true, Name = "pipeline" };
    }

    internal static PipelineContender Of(TrainingShape shape, string precision)
    {
        using var counted = new DecoderModel(shape.Config.ToShape());
        return new PipelineContender(shape, precision)
        {
            Job = shape.Job, Unit = "tokens/s", Precision = precision, Variant = "default", Through = "pipeline", Params = counted.Parameters.ParameterCount,
        };
    }

    /// <summary>Rows of random ids, a row of the length that training cuts to.</summary>
    internal static IDataView RandomIds(MLContext ml, TrainingShape shape)
    {
        var random = new Random(1);
        var rows = Enumerable.Range(0, Rows).Select(_ => new IdRow { Ids = [.. Enumerable.Range(0, shape.Length).Select(_ => random.Next(shape.Config.VocabSize))] });
        return ml.Data.LoadFromEnumerable(rows.ToList());
    }

    /// <summary>The first call runs everything up to the first step's end too: measurements leave it out.</summary>
    internal override double Step()
    {
        if (!thread.IsAlive && !ended)
            thread.Start();
        go.Release();
        done.Wait();
        return failure is null ? tokensPerStep : throw new InvalidOperationException("Training through the pipeline failed.", failure);
    }

    public override void Dispose()
    {
        stop.Cancel();
        go.Release();
        if (thread.IsAlive)
            thread.Join();
        stop.Dispose();
        go.Dispose();
        done.Dispose();
    }

    private void Train(TrainingShape shape, string precision)
    {
        try
        {
            go.Wait();
            var ml = new MLContext(seed: 1);
            var data = RandomIds(ml, shape);
            var trainer = ml.Llm.Trainers.CausalLanguageModel(IdTokenizer.Of(shape.Config.VocabSize), shape.Config, new CausalLanguageModelOptions
            {
                TextColumnName = nameof(IdRow.Ids),
                SequenceLength = shape.Length,
                Training = TrainingRules.Options(precision, shape.Batch) with { MaxSteps = 1_000_000, LoggingSteps = 1_000_000, Progress = Pause },
            });
            using var model = trainer.Fit(data, null, stop.Token);
        }
        catch (Exception problem) when (problem is not OutOfMemoryException)
        {
            failure = problem;
        }

        ended = true;
        done.Release();
    }

    private void Pause(TrainingProgress step)
    {
        if (stop.IsCancellationRequested)
            return;
        done.Release();
        go.Wait();
    }

    internal sealed class IdRow
    {
        [VectorType]
        public int[] Ids { get; set; } = [];
    }
}
