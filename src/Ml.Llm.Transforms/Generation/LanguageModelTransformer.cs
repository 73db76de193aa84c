using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Ml.Llm.Generation;
using Ml.Llm.Hosting;
using Ml.Llm.Rows;

namespace Ml.Llm;

/// <summary>Completes a column of prompts with a language model, in the column <c>GeneratedText</c>.</summary>
/// <remarks>
/// How it works: rows are read ahead and completed in batches of <see cref="GenerationOptions.BatchSize"/>, in their order, and
/// only when the column is read. A row's text depends on its prompt, the options and the row's seed alone.
/// It is saved by <c>mlContext.Model.Save</c> and loaded by <c>mlContext.Model.Load</c> like any transformer; in the zip the model
/// is a Hugging Face folder, which <see cref="LanguageModel.ExtractFromModelZip"/> takes out.
/// </remarks>
/// <threadsafety>Transforming, predicting and saving may be done from several threads at once; disposing may not.</threadsafety>
public sealed class LanguageModelTransformer : ITransformer, IDisposable
{
    private const string Name = nameof(LanguageModelTransformer);

    private readonly IHostEnvironment environment;
    private readonly SharedModel shared;
    private readonly BatchMapping mapping;
    private bool disposed;

    /// <summary>Makes a transformer around a model.</summary>
    /// <param name="environment">ML.NET's environment, for its log and its device settings.</param>
    /// <param name="model">The model, with its tokenizer.</param>
    /// <param name="columns">What is read and added.</param>
    /// <param name="generation">How text is generated.</param>
    /// <param name="ownsModel">Whether disposing the transformer (and those made from it) disposes the model.</param>
    /// <param name="trainingFacts">What training measured and chose, as JSON; kept in the zip.</param>
    /// <exception cref="ArgumentException">An option is not usable.</exception>
    /// <exception cref="EngineNotFoundException">MLContext.GpuDeviceId names a device that is not there and FallbackToCpu is false, or no engine is installed.</exception>
    internal LanguageModelTransformer(
        IHostEnvironment environment,
        LanguageModel model,
        GenerationColumns columns,
        GenerationOptions generation,
        bool ownsModel,
        string? trainingFacts = null)
        : this(environment, new SharedModel(model, ownsModel), columns, generation, trainingFacts)
    {
        var host = new ComponentHost(environment, Name);
        if (host.ResolveDevice().type != TorchSharp.DeviceType.CPU)
            host.Warning("Text is generated on the CPU: models on a GPU are not supported yet.");
    }

    private LanguageModelTransformer(
        IHostEnvironment environment, SharedModel shared, GenerationColumns columns, GenerationOptions generation, string? trainingFacts)
    {
        ArgumentNullException.ThrowIfNull(generation);
        generation.Validate();
        columns.Validate();
        this.environment = environment;
        Columns = columns;
        Generation = generation;
        TrainingFacts = trainingFacts;
        if (generation.KeepEngineMemory && TorchEngine.KeepMemory())
            new ComponentHost(environment, Name).Info("The C allocator of this process keeps freed memory from now on, which makes batches faster; KeepEngineMemory = false leaves it alone.");
        mapping = MakeMapping(shared.Model, columns, generation);
        this.shared = shared.Use();
    }

    /// <summary>The model. It lives until the last transformer that shares it is disposed.</summary>
    public LanguageModel Model => shared.Model;

    /// <summary>How text is generated.</summary>
    public GenerationOptions Generation { get; }

    /// <inheritdoc/>
    public bool IsRowToRowMapper => true;

    /// <summary>What is read and added.</summary>
    internal GenerationColumns Columns { get; }

    /// <summary>What training measured and chose, as JSON, or null.</summary>
    internal string? TrainingFacts { get; }

    /// <summary>The same model and columns with other options of generation.</summary>
    /// <param name="generation">How text is generated.</param>
    /// <returns>A transformer that shares the model: each is disposed for itself, and the model with the last one.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range; the message names it.</exception>
    public LanguageModelTransformer WithGeneration(GenerationOptions generation)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        return new LanguageModelTransformer(environment, shared, Columns, generation, TrainingFacts);
    }

    /// <summary>The same model and options on other columns.</summary>
    /// <param name="textColumnName">The column of prompts (text).</param>
    /// <param name="outputColumnName">The column that is added (text; default "GeneratedText").</param>
    /// <param name="seedColumnName">A column with the seed of each row (Int64), used in sampling; null (the default) takes the seed from the prompt.</param>
    /// <returns>A transformer that shares the model: each is disposed for itself, and the model with the last one.</returns>
    public LanguageModelTransformer WithColumns(
        string textColumnName, string outputColumnName = GenerationColumns.DefaultOutput, string? seedColumnName = null)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        var columns = new GenerationColumns { TextColumnName = textColumnName, OutputColumnName = outputColumnName, SeedColumnName = seedColumnName };
        return new LanguageModelTransformer(environment, shared, columns, Generation, TrainingFacts);
    }

    /// <inheritdoc/>
    /// <exception cref="DataFormatException">A column that is read is missing or has another type.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => mapping.MapperFor(inputSchema).OutputSchema;

    /// <summary>The rows with their completions, which are computed when they are read.</summary>
    /// <param name="input">The rows.</param>
    /// <returns>A view that streams. Reading it throws a <see cref="DataFormatException"/> at a prompt that is empty or too long for the model.</returns>
    /// <exception cref="DataFormatException">A column that is read is missing or has another type.</exception>
    public IDataView Transform(IDataView input)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        return mapping.Transform(input);
    }

    /// <inheritdoc/>
    /// <exception cref="DataFormatException">A column that is read is missing or has another type.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        return mapping.MapperFor(inputSchema);
    }

    /// <summary>Gives the model's memory back, unless another transformer shares it or it is the caller's own.</summary>
    public void Dispose()
    {
        if (disposed)
            return;
        disposed = true;
        shared.Release();
    }

    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        SavedLanguageModel.Save(ctx, this);
    }

    private static BatchMapping MakeMapping(LanguageModel model, GenerationColumns columns, GenerationOptions generation)
    {
        var generator = model.CreateGenerator(generation);
        var inputs = new List<MappedInput> { new(columns.TextColumnName, TextDataViewType.Instance) };
        if (columns.SeedColumnName is { } seedColumn)
            inputs.Add(new MappedInput(seedColumn, NumberDataViewType.Int64));
        return new BatchMapping
        {
            Name = Name,
            Inputs = inputs,
            Outputs = [columns.Output()],
            BatchSize = generation.BatchSize,
            Compute = (rows, results) =>
            {
                var texts = rows.Values<ReadOnlyMemory<char>>(0);
                var prompts = new string[rows.Count];
                for (var row = 0; row < prompts.Length; row++)
                    prompts[row] = texts[row].ToString();
                var seeds = columns.SeedColumnName is null ? null : Array.ConvertAll(rows.Values<long>(1).ToArray(), static seed => (ulong)seed);
                var completions = generator.Generate(prompts, seeds, columns.TextColumnName, rows.FirstPosition);
                results.Set(0, Array.ConvertAll(completions, static completion => completion.Text.AsMemory()));
            },
        };
    }
}
