using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Ml.Llm.Checkpoints;
using Ml.Llm.Data;
using Ml.Llm.Generation;
using Ml.Llm.Hosting;
using Ml.Llm.Models;
using Ml.Llm.Training;
using TorchSharp;

namespace Ml.Llm;

/// <summary>Trains a causal language model (GPT-2 or LLaMA) on a column of texts, from fresh weights or from a model's.</summary>
/// <remarks>
/// | Trainer characteristics | |
/// | --- | --- |
/// | Task | predict the next token of running text |
/// | Input column | text, or a vector of Int32 token ids; a document a row |
/// | Output column | GeneratedText (text): the completion of the text column |
/// | Weights, optimizer | fp32, AdamW; layers compute in fp32 or bf16 |
/// | Memory | does not grow with the data: tokens lie in a memory-mapped file |
///
/// How it works: the column is read twice as a stream, for its fingerprint and for its tokens, which go to a file beside the
/// checkpoints (or a temporary one). Documents are joined by the end-of-text token and cut into rows of
/// <see cref="CausalLanguageModelOptions.SequenceLength"/>; every epoch goes through the rows in a new random order. The same seed,
/// data, options and engine threads give the same weights to the last bit, also when training was stopped and resumed on the way.
/// </remarks>
/// <threadsafety>Not safe: one Fit at a time.</threadsafety>
public sealed class CausalLanguageModelTrainer : IEstimator<LanguageModelTransformer>
{
    private const string Name = "CausalLanguageModel";
    private const int LongestDefault = 1024;
    private readonly MLContext ml;
    private readonly ComponentHost host;
    private readonly StartingPoint start;
    private readonly CausalLanguageModelOptions options;
    private readonly int sequenceLength;
    private readonly TrainingLog log;

    internal CausalLanguageModelTrainer(MLContext ml, StartingPoint start, CausalLanguageModelOptions options)
    {
        this.ml = ml;
        this.start = start;
        this.options = options;
        host = new ComponentHost(ml, Name);
        log = new TrainingLog(host.Info, host.Warning);
        var longest = start.Config.MaxPositionEmbeddings;
        sequenceLength = options.SequenceLength ?? Math.Min(longest, LongestDefault);
        if (sequenceLength > longest)
        {
            throw new ArgumentOutOfRangeException(nameof(options), sequenceLength, string.Create(CultureInfo.InvariantCulture,
                $"SequenceLength is {sequenceLength}, and the model's longest sequence (MaxPositionEmbeddings) is {longest}. Shorten the one, or for a fresh model raise the other."));
        }
    }

    /// <summary>Trains on all rows.</summary>
    /// <param name="input">The documents.</param>
    /// <returns>The trained model as a transformer that completes texts; disposing it disposes the model.</returns>
    /// <inheritdoc cref="Fit(IDataView, IDataView?, CancellationToken)" path="/exception"/>
    public LanguageModelTransformer Fit(IDataView input) => Fit(input, null, CancellationToken.None);

    /// <summary>Trains on all rows, evaluates on others, and can be cancelled.</summary>
    /// <param name="input">The documents to train on.</param>
    /// <param name="validation">The documents to evaluate on; null takes <see cref="TrainingOptions.ValidationFraction"/> of the input.</param>
    /// <param name="cancellationToken">Ends training; the model so far is given back, and with a checkpoint folder it can be resumed.</param>
    /// <returns>The trained model as a transformer that completes texts; disposing it disposes the model.</returns>
    /// <exception cref="DataFormatException">The column is missing or of a wrong type, or there is no document.</exception>
    /// <exception cref="NonFiniteLossException">A loss or gradient was NaN or infinite; it carries the last good model.</exception>
    /// <exception cref="CheckpointException">The checkpoint folder is in use, cannot be written, or holds another run's checkpoints while Resume is off.</exception>
    /// <exception cref="CheckpointMismatchException">The checkpoint to resume from is of other data, options or seed.</exception>
    /// <exception cref="EngineNotFoundException">No engine package is installed.</exception>
    public LanguageModelTransformer Fit(IDataView input, IDataView? validation, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        PrepareEngine();
        var documents = new DocumentSource(input, options.TextColumnName, Name);
        var heldOut = validation is null ? null : new DocumentSource(validation, options.TextColumnName, Name);
        var training = options.Training;
        var store = training.CheckpointFolder is { } folder ? new CheckpointStore(folder, training.SaveTotalLimit, log.Warning) : null;
        using var held = store?.AcquireLock();
        if (store is not null && !training.Resume && store.OpenNewest() is { } earlier)
        {
            throw new CheckpointException(store.Folder, string.Create(CultureInfo.InvariantCulture,
                $"it holds the checkpoint of step {earlier.Step} of an earlier run. Set Resume to go on from it, or give this run a folder of its own."));
        }

        using var tokens = new TokenFolder(store?.Folder, ml.TempFilePath ?? Path.GetTempPath());
        using var network = start.MakeNetwork(training.Seed, host.ResolveDevice());
        try
        {
            return Train(network, documents, heldOut, tokens.Path, store, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            log.Info("Cancelled before the first step: the untrained model is given back.");
            return Result(network, null);
        }
        catch (NonFiniteLossException failure)
        {
            throw new NonFiniteLossException(failure.Step, failure.Loss, failure.GradientNorm, start.Finish(network));
        }
    }

    /// <inheritdoc/>
    /// <exception cref="DataFormatException">The column is missing or of a wrong type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        var isIds = inputSchema.Find(options.TextColumnName) is { Kind: not SchemaShape.Column.VectorKind.Scalar, IsKey: false } column
            && column.ItemType.Equals(NumberDataViewType.Int32);
        if (!isIds)
            inputSchema.Require(options.TextColumnName, TextDataViewType.Instance, Name);
        return inputSchema.With([Columns.Output()]);
    }

    private GenerationColumns Columns => new() { TextColumnName = options.TextColumnName, OutputColumnName = options.OutputColumnName };

    private LanguageModelTransformer Train(
        DecoderModel network, DocumentSource documents, DocumentSource? heldOut, string folder, CheckpointStore? store, CancellationToken cancellationToken)
    {
        var training = options.Training;
        var tokenizer = start.CorpusTokenizer(training.Threads ?? Environment.ProcessorCount);
        var fraction = heldOut is null ? training.ValidationFraction : 0;
        var survey = CorpusSurvey.Of(documents, fraction, "corpus", log, cancellationToken);
        var heldOutSurvey = heldOut is null ? null : CorpusSurvey.Of(heldOut, 0, "validation set", log, cancellationToken);
        var identity = Identity(survey, heldOutSurvey, fraction);
        // Before the token files of the run that is to go on could be made anew from other data.
        if (training.Resume && store?.OpenNewest() is { } checkpoint)
            RunIdentity.CompareShared(TrainingCheckpoint.ReadState(checkpoint.Path).Identity, identity, checkpoint.Path);
        using var corpus = TokenizedCorpus.Prepare(documents, survey, tokenizer, folder, "corpus", fraction, log, cancellationToken);
        using var validation = heldOutSurvey is null ? null : TokenizedCorpus.Prepare(heldOut!, heldOutSurvey, tokenizer, folder, "validation set", 0, log, cancellationToken);
        var rows = new TokenWindows(corpus.Training, sequenceLength);
        if (rows.Count == 0)
            throw new DataFormatException($"The documents of column '{options.TextColumnName}' make no token but the end of text. Give rows with more text.", options.TextColumnName);
        var heldOutTokens = validation?.Training ?? corpus.HeldOut;
        var heldOutRows = heldOutTokens is null ? null : new TokenWindows(heldOutTokens, sequenceLength);
        var objective = new CausalLanguageModelObjective(network, rows, heldOutRows is { Count: > 0 } ? heldOutRows : null, training);
        using var loop = new TrainingLoop(objective, training, identity, store, log);
        var outcome = loop.Run(cancellationToken);
        return Result(network, outcome);
    }

    private SortedDictionary<string, string> Identity(CorpusSurvey corpus, CorpusSurvey? validation, double fraction)
    {
        var identity = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["corpus"] = corpus.Fingerprint,
            ["validation set"] = validation?.Fingerprint ?? "none",
            [nameof(TrainingOptions.ValidationFraction)] = fraction.ToString("R", CultureInfo.InvariantCulture),
            [nameof(options.SequenceLength)] = sequenceLength.ToString(CultureInfo.InvariantCulture),
        };
        foreach (var (name, value) in start.Identity())
            identity[name] = value;
        return identity;
    }

    private LanguageModelTransformer Result(DecoderModel network, TrainingOutcome? outcome) => new(
        ml, start.Finish(network), Columns, options.Generation, ownsModel: true, outcome?.ToJson());

    private void PrepareEngine()
    {
        TorchEngine.EnsureLoaded();
        if (options.Training.Threads is { } threads)
            TorchEngine.UseThreads(threads, log.Warning);
        if (options.Training.KeepEngineMemory && TorchEngine.KeepMemory())
            log.Info("The C allocator of this process keeps freed memory from now on, which makes steps faster; KeepEngineMemory = false leaves it alone.");
    }
}
