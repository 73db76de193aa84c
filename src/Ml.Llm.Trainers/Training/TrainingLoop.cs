using System.Globalization;
using Ml.Llm.Checkpoints;
using Ml.Llm.Engine;
using Ml.Llm.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Training;

/// <summary>The one training loop. It runs steps; its <see cref="ITrainingObjective"/> says what a step is.</summary>
/// <remarks>
/// A step: the gradients of its micro-batches, each loss divided by the tokens of the whole step; their norm; clipping folded into
/// one pass of AdamW. Between steps: evaluation, metrics, checkpoint, progress, in this order, so that a checkpoint holds all that
/// its step brought. Whatever a step needs is a function of the step, or part of <see cref="TrainingState"/>: a run that goes on
/// from a checkpoint makes the same bits as one that was never stopped.
/// </remarks>
/// <threadsafety>Used by one thread.</threadsafety>
internal sealed class TrainingLoop : IDisposable
{
    private readonly ITrainingObjective objective;
    private readonly ParameterSet parameters;
    private readonly TrainingOptions options;
    private readonly TrainingLog log;
    private readonly CheckpointStore? store;
    private readonly FlatAdamW optimizer;
    private readonly BestMetric best;
    private readonly long totalSteps;
    private readonly long warmupSteps;
    private readonly StepClock clock = new();
    private TrainingState state;
    private Tensor? bestWeights;
    private long savedAt = -1;

    /// <summary>Prepares a run, and goes on from a checkpoint where that is asked for and there is one.</summary>
    /// <param name="objective">What a step is.</param>
    /// <param name="options">How steps are run.</param>
    /// <param name="data">The fingerprints of all that goes in (corpus, tokenizer, model), by name.</param>
    /// <param name="store">The checkpoints, locked by the caller; null for none.</param>
    /// <param name="log">Where the run tells what it does.</param>
    /// <exception cref="CheckpointMismatchException">The checkpoint is of another run.</exception>
    internal TrainingLoop(ITrainingObjective objective, TrainingOptions options, IReadOnlyDictionary<string, string> data, CheckpointStore? store, TrainingLog log)
    {
        this.objective = objective;
        this.options = options;
        this.store = store;
        this.log = log;
        parameters = objective.Parameters;
        totalSteps = options.MaxSteps ?? objective.StepsFor(options.NumTrainEpochs);
        warmupSteps = options.WarmupOf(totalSteps);
        best = new BestMetric(options.EarlyStoppingThreshold);
        state = new TrainingState { Identity = RunIdentity.Of(options, totalSteps) };
        foreach (var (name, value) in data)
            state.Identity[name] = value;
        parameters.EnableTraining();
        optimizer = new FlatAdamW(parameters, options);
        random.manual_seed(options.Seed);
        if (!TryResume())
            state.Precision = PrecisionChoice.Name(PrecisionChoice.Resolve(options.Precision, objective.TypicalProduct, parameters.Values.device, log.Info));
        state.Threads = TorchEngine.Threads;
    }

    /// <summary>The precision that the run computes in.</summary>
    internal Precision Precision => state.Precision == PrecisionChoice.Name(Precision.Bf16) ? Precision.Bf16 : Precision.Fp32;

    /// <summary>The optimizer, for tests that compare its state.</summary>
    internal FlatAdamW Optimizer => optimizer;

    /// <summary>Trains until the last step, an early stop or cancellation. The objective's weights are the result.</summary>
    /// <exception cref="NonFiniteLossException">A loss or gradient was not finite. The weights are the last good ones.</exception>
    internal TrainingOutcome Run(CancellationToken cancellationToken)
    {
        parameters.UseComputeType(PrecisionChoice.TypeOf(Precision));
        using var metrics = options.MetricsFile is { } path ? new MetricsFile(path, state.Step) : null;
        AnnounceStart();
        var cancelled = false;
        try
        {
            EvaluateIfDue(metrics, cancellationToken);
            while (state.Step < totalSteps && !StopsEarly() && !cancelled)
            {
                if (RunStep(cancellationToken) is { } done)
                    AfterStep(done, metrics, cancellationToken);
                cancelled = cancellationToken.IsCancellationRequested && state.Step < totalSteps;
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            cancelled = true;
        }
        catch (NonFiniteLossException)
        {
            Save();
            UseBestWeights();
            throw;
        }

        Save();
        UseBestWeights();
        AnnounceEnd(cancelled);
        return new TrainingOutcome(state.Step, totalSteps, cancelled, state.Tokens, state.ValidationLoss, state.BestLoss, state.BestStep, Precision);
    }

    public void Dispose()
    {
        optimizer.Dispose();
        bestWeights?.Dispose();
    }

    /// <summary>One update of the weights; null where it was cancelled before the update.</summary>
    private StepResult? RunStep(CancellationToken cancellationToken)
    {
        clock.BeginStep();
        parameters.BeginStep();
        var batches = objective.Collate(state.Step);
        try
        {
            var tokens = batches.Sum(static batch => batch.LabelCount);
            double sum = 0;
            foreach (var batch in batches)
            {
                if (cancellationToken.IsCancellationRequested)
                    return null;
                using var scope = NewDisposeScope();
                var result = objective.Loss(batch, 1.0 / Math.Max(1, tokens));
                sum += result.Sum;
                if (!double.IsFinite(sum))
                    throw new NonFiniteLossException(state.Step + 1, sum / Math.Max(1, tokens), double.NaN);
                BackwardGuard.Backward(result.Loss);
            }

            parameters.FinishBackward();
            return Update(sum / Math.Max(1, tokens), tokens);
        }
        finally
        {
            foreach (var batch in batches)
                batch.Dispose();
        }
    }

    private StepResult Update(double loss, long tokens)
    {
        var norm = GradientNorm.Of(parameters.Gradients!);
        if (!double.IsFinite(norm))
            throw new NonFiniteLossException(state.Step + 1, loss, norm);
        var rate = options.LearningRate * options.Schedule.Factor(state.Step, warmupSteps, totalSteps);
        optimizer.Step(rate, GradientNorm.ClipScale(norm, options.MaxGradNorm));
        state.Step++;
        state.Tokens += tokens;
        clock.EndStep(tokens);
        return new StepResult(loss, rate, norm, tokens);
    }

    private void AfterStep(StepResult step, MetricsFile? metrics, CancellationToken cancellationToken)
    {
        var epoch = objective.EpochAfter(state.Step);
        metrics?.Write(state.Step, ("epoch", epoch), ("loss", step.Loss), ("learning_rate", step.LearningRate), ("grad_norm", step.GradientNorm),
            ("tokens", state.Tokens), ("tokens_per_second", clock.TokensPerSecond));
        if (state.Step % options.LoggingSteps == 0 || state.Step == totalSteps)
        {
            log.Info(string.Create(CultureInfo.InvariantCulture,
                $"Step {state.Step}/{totalSteps}: loss {step.Loss:0.0000}, gradient norm {step.GradientNorm:0.000}, rate {step.LearningRate:0.00e+0}, {clock.TokensPerSecond:0} tokens/s."));
        }

        EvaluateIfDue(metrics, cancellationToken);
        if (state.Step % options.CheckpointEverySteps == 0)
            Save();
        Report(step, epoch);
    }

    private void Report(StepResult step, double epoch)
    {
        if (options.Progress is not { } progress)
            return;
        try
        {
            progress(new TrainingProgress
            {
                Step = state.Step,
                MaxSteps = totalSteps,
                Epoch = epoch,
                Loss = step.Loss,
                LearningRate = step.LearningRate,
                GradientNorm = step.GradientNorm,
                StepTokens = step.Tokens,
                Tokens = state.Tokens,
                TokensPerSecond = clock.TokensPerSecond,
                Elapsed = clock.Elapsed,
                Remaining = clock.Remaining(totalSteps - state.Step),
                ValidationLoss = state.EvaluatedAt == state.Step ? state.ValidationLoss : null,
                BestValidationLoss = state.BestLoss,
            });
        }
        catch
        {
            Save();
            throw;
        }
    }

    private void EvaluateIfDue(MetricsFile? metrics, CancellationToken cancellationToken)
    {
        var due = state.Step == totalSteps || (options.EvaluateEverySteps is { } every && state.Step > 0 && state.Step % every == 0);
        if (!due || !objective.CanEvaluate || state.EvaluatedAt == state.Step)
            return;
        Evaluation evaluation;
        using (no_grad())
        using (NewDisposeScope())
            evaluation = objective.Evaluate(cancellationToken);
        var isBest = best.Observe(evaluation.Loss, state.Step);
        if (isBest && options.LoadBestModelAtEnd)
            KeepWeights();
        state.EvaluatedAt = state.Step;
        state.ValidationLoss = evaluation.Loss;
        (state.BestLoss, state.BestStep, state.WithoutImprovement) = (best.Value, best.Step, best.WithoutImprovement);
        metrics?.Write(state.Step, ("eval_loss", evaluation.Loss), ("eval_perplexity", Math.Exp(evaluation.Loss)), ("eval_tokens", evaluation.Tokens));
        log.Info(string.Create(CultureInfo.InvariantCulture,
            $"Step {state.Step}/{totalSteps}: held-out loss {evaluation.Loss:0.0000}, perplexity {Math.Exp(evaluation.Loss):0.00} over {evaluation.Tokens} tokens{(isBest ? ", the best so far" : "")}."));
    }

    private bool StopsEarly() => options.EarlyStoppingPatience is { } patience && best.WithoutImprovement >= patience;

    private void KeepWeights()
    {
        using var guard = no_grad();
        bestWeights ??= empty_like(parameters.Values).DetachFromDisposeScope();
        bestWeights.copy_(parameters.Values);
    }

    private void UseBestWeights()
    {
        if (bestWeights is null)
            return;
        using var guard = no_grad();
        parameters.Values.copy_(bestWeights);
        parameters.RefreshCompute();
    }

    private void Save()
    {
        if (store is null || savedAt == state.Step)
            return;
        // Weights and two moments, and the best weights where they are kept.
        var bytes = (bestWeights is null ? 3 : 4) * parameters.Count * sizeof(float);
        store.Write(state.Step, folder => TrainingCheckpoint.Write(folder, state, parameters, optimizer, bestWeights), bytes);
        savedAt = state.Step;
    }

    private bool TryResume()
    {
        if (!options.Resume || store?.OpenNewest() is not { } checkpoint)
            return false;
        var saved = TrainingCheckpoint.ReadState(checkpoint.Path);
        RunIdentity.Compare(saved.Identity, state.Identity, checkpoint.Path);
        state = saved;
        bestWeights = TrainingCheckpoint.Restore(checkpoint.Path, state, parameters, optimizer);
        (best.Value, best.Step, best.WithoutImprovement) = (state.BestLoss, state.BestStep, state.WithoutImprovement);
        savedAt = state.Step;
        log.Info(string.Create(CultureInfo.InvariantCulture, $"Resumed from {checkpoint.Path} after step {state.Step} of {totalSteps}, in {state.Precision}."));
        if (state.Threads != TorchEngine.Threads)
        {
            log.Warning(string.Create(CultureInfo.InvariantCulture,
                $"The checkpoint was computed with {state.Threads} engine threads and now there are {TorchEngine.Threads}: results may differ in the last bits from a run that was never stopped."));
        }

        return true;
    }

    private void AnnounceStart() => log.Info(string.Create(CultureInfo.InvariantCulture,
        $"Training {parameters.ParameterCount} weights in {PrecisionChoice.Name(Precision)} for {totalSteps} steps of {options.BatchSize} x {options.GradientAccumulationSteps} rows ({objective.EpochAfter(totalSteps):0.##} epochs), warm-up {warmupSteps} steps, {TorchEngine.Threads} threads."));

    private void AnnounceEnd(bool cancelled)
    {
        var how = cancelled ? "Cancelled" : state.Step < totalSteps ? "Stopped early" : "Finished";
        var which = bestWeights is null ? "the last weights are kept" : string.Create(CultureInfo.InvariantCulture, $"the weights of step {state.BestStep} are kept, held-out loss {state.BestLoss:0.0000}");
        log.Info(string.Create(CultureInfo.InvariantCulture, $"{how} after step {state.Step} of {totalSteps}, {state.Tokens} tokens: {which}."));
    }

    private readonly record struct StepResult(double Loss, double LearningRate, double GradientNorm, long Tokens);
}
