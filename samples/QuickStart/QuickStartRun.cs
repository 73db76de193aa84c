using System.Diagnostics;
using Microsoft.ML;
using Spectre.Console;

namespace Ml.Llm.Samples.QuickStart;

/// <summary>One run from text to a saved model: everything here is Ml.Llm's public API.</summary>
internal sealed class QuickStartRun
{
    private const int VocabularySize = 8_192;
    private const int SequenceLength = 256;
    private const int BatchSize = 8;
    private readonly QuickStartOptions options;
    private readonly RunFolder folder;
    private readonly RunPlan? earlier;
    private readonly TextCorpus text;
    private readonly MLContext ml;
    private readonly Lock logging = new();
    private readonly CancellationToken cancellation;

    internal QuickStartRun(QuickStartOptions options, CancellationToken cancellation)
    {
        this.options = options;
        this.cancellation = cancellation;
        ml = new MLContext(options.Seed);
        // Whether there is text is known before a folder is made.
        var stopped = options.Resume ? RunFolder.Unfinished(options.Out) : null;
        earlier = stopped is null ? null : RunPlan.Load(stopped.Plan);
        text = TextCorpus.Load(ml, earlier is null ? options.Corpus : earlier.Corpus, Console.WriteLine);
        folder = stopped ?? RunFolder.Create(options.Out);
        ml.Log += (_, line) =>
        {
            if (line.Kind >= Microsoft.ML.Runtime.ChannelMessageKind.Info)
                AppendToLog($"{line.Kind}: {line.RawMessage}");
        };
    }

    internal void Run()
    {
        Say($"Text: {text.Name}. This run: {folder.Root}");
        var tokenizer = Tokenizer();
        var plan = earlier ?? MakePlan(tokenizer);
        using var model = Train(tokenizer, plan);
        Save(model);
        if (!cancellation.IsCancellationRequested)
            (plan with { Finished = true }).Save(folder.Plan);
        else
            Say($"Stopped: the model so far is kept, and ./run.sh --resume --out {options.Out} goes on.");
        Completions.RunInNewProcess(folder.Model, text.Prompts);
        Conclude(tokenizer, model.Model.ParameterCount);
    }

    /// <summary>Plain ML.NET; written aside first, so that a model that is there stays whole until the next one is.</summary>
    private void Save(LanguageModelTransformer model)
    {
        var aside = folder.Model + ".new";
        ml.Model.Save(model, text.TrainSet.Schema, aside);
        File.Move(aside, folder.Model, overwrite: true);
    }

    private LanguageModelTokenizer Tokenizer()
    {
        if (options.Resume)
            return LanguageModelTokenizer.FromPretrained(folder.Tokenizer);
        var clock = Stopwatch.StartNew();
        var tokenizer = ml.Llm.Tokenizers.TrainBytePairEncoding(
            text.TrainSet, new BytePairEncodingOptions { VocabularySize = VocabularySize }, TextCorpus.Column, cancellation);
        tokenizer.Save(folder.Tokenizer);
        Say($"Tokenizer: byte-level byte-pair encoding of {tokenizer.VocabularySize:N0} tokens, trained in {clock.Elapsed.TotalSeconds:0.0} s.");
        return tokenizer;
    }

    /// <summary>Trains a throw-away model for a few steps, to know how many fit into the minutes given.</summary>
    private RunPlan MakePlan(LanguageModelTokenizer tokenizer)
    {
        const int Unmeasured = 4;
        const int Measured = 9;
        var seconds = new List<double>();
        var last = Stopwatch.GetTimestamp();
        var few = ml.Data.TakeRows(text.TrainSet, 2_000);
        var probe = Options(new RunPlan { Seed = options.Seed, Precision = options.Precision, Steps = Unmeasured + Measured }) with { CheckpointFolder = null, MetricsFile = null, Progress = Measure };
        using var model = ml.Llm.Trainers.CausalLanguageModel(tokenizer, Config, Options(probe)).Fit(few, null, cancellation);
        cancellation.ThrowIfCancellationRequested();
        seconds.Sort();
        var plan = RunPlan.Make(options, seconds[seconds.Count / 2]);
        plan.Save(folder.Plan);
        Say($"A step of {BatchSize} x {SequenceLength} tokens takes {seconds[seconds.Count / 2]:0.00} s: {plan.Steps:N0} steps in {options.Minutes:0.##} minutes.");
        return plan;

        void Measure(TrainingProgress step)
        {
            if (step.Step > Unmeasured)
                seconds.Add(Stopwatch.GetElapsedTime(last).TotalSeconds);
            last = Stopwatch.GetTimestamp();
        }
    }

    private LanguageModelTransformer Train(LanguageModelTokenizer tokenizer, RunPlan plan) => TrainingDisplay.Run(show =>
    {
        var training = Options(plan) with { Resume = options.Resume, Progress = show };
        return ml.Llm.Trainers.CausalLanguageModel(tokenizer, Config, Options(training)).Fit(text.TrainSet, text.HeldOutSet, cancellation);
    });

    private static LlamaConfig Config => new()
    {
        NumHiddenLayers = 6,
        HiddenSize = 384,
        NumAttentionHeads = 6,
        IntermediateSize = 1_024,
        MaxPositionEmbeddings = SequenceLength,
        TieWordEmbeddings = true,
    };

    private static CausalLanguageModelOptions Options(TrainingOptions training) => new()
    {
        TextColumnName = TextCorpus.Column,
        SequenceLength = SequenceLength,
        Training = training,
        Generation = new() { MaxNewTokens = 60, DoSample = true, Temperature = 0.7, TopP = 0.9, Seed = training.Seed },
    };

    private TrainingOptions Options(RunPlan plan) => new()
    {
        MaxSteps = plan.Steps,
        BatchSize = BatchSize,
        LearningRate = 1e-3,
        Schedule = LearningRateSchedule.Cosine,
        WarmupRatio = 0.05,
        AdamBeta2 = 0.95,
        WeightDecay = 0.1,
        Precision = plan.Precision,
        Threads = options.Threads,
        Seed = plan.Seed,
        EvaluateEverySteps = plan.EvaluateEverySteps > 0 ? plan.EvaluateEverySteps : null,
        MaxEvaluationBatches = plan.EvaluationBatches > 0 ? plan.EvaluationBatches : null,
        CheckpointFolder = folder.Checkpoints,
        CheckpointEverySteps = Math.Max(1, plan.Steps / 10),
        MetricsFile = folder.Metrics,
    };

    private void Conclude(LanguageModelTokenizer tokenizer, long parameters)
    {
        var metrics = RunMetrics.Read(folder.Metrics);
        var hasCurve = LossCurve.Draw(metrics, folder.LossCurve);
        Console.WriteLine();
        Say($"The model ({parameters / 1e6:0.0} M parameters): {folder.Model}");
        if (hasCurve)
            Say($"The loss curve: {folder.LossCurve}");
        if (metrics.BestHeldOut is { } loss)
            Say($"On held-out text: perplexity {Math.Exp(loss):0.0} a token, {HeldOutText.Count(text.HeldOutSet, tokenizer).BitsPerByte(loss):0.000} bits a byte.");
        Console.WriteLine($"""

            Three lines of C# that load it:

                var ml = new MLContext();
                ITransformer model = ml.Model.Load(@"{folder.Model}", out _);
                IDataView completed = model.Transform(prompts);   // a column Text in, a column GeneratedText out
            """);
    }

    private void Say(FormattableString line) => Tell(FormattableString.Invariant(line));

    private void Tell(string line)
    {
        Console.WriteLine(line);
        AppendToLog(line);
    }

    private void AppendToLog(string line)
    {
        // Components log from threads of their own.
        lock (logging)
            File.AppendAllText(folder.Log, line + Environment.NewLine);
    }
}
