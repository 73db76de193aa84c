using System.Globalization;
using System.Runtime.InteropServices;
using Ml.Llm.Engine;
using Ml.Llm.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Generation;

/// <summary>
/// Generates tokens after prompts of tokens: rows of near length in one batch, one pass over the prompts, then one
/// new token a row and pass, with a preallocated cache. A finished row leaves the batch at once.
/// </summary>
/// <remarks>It knows ids alone; <see cref="TextGenerator"/> puts text around it.</remarks>
/// <threadsafety>Safe from several threads at once: nothing is shared but the weights.</threadsafety>
internal sealed class SequenceGenerator
{
    private readonly DecoderModel model;
    private readonly GenerationOptions options;
    private readonly HashSet<int> endTokens;
    private readonly StopStrings? stopStrings;
    private readonly TokenChooser chooser;

    /// <summary>Makes a generator.</summary>
    /// <param name="model">The model, which must not change while it generates.</param>
    /// <param name="options">How to generate.</param>
    /// <param name="endTokens">The model's own end tokens, which the options may override.</param>
    /// <param name="stopStrings">Ends rows by their text, or null.</param>
    internal SequenceGenerator(DecoderModel model, GenerationOptions options, IEnumerable<int>? endTokens = null, StopStrings? stopStrings = null)
    {
        options.Validate();
        this.model = model;
        this.options = options;
        this.endTokens = [.. options.EosTokenIds ?? endTokens ?? []];
        this.stopStrings = stopStrings;
        chooser = new TokenChooser(options);
    }

    /// <summary>Checks that a prompt has tokens and leaves room for the answer.</summary>
    /// <param name="tokens">The number of its tokens.</param>
    /// <param name="row">Its row, for the message.</param>
    /// <param name="column">Its column, for the message, if it comes from one.</param>
    /// <exception cref="DataFormatException">The prompt is empty, or too long.</exception>
    internal void CheckPrompt(int tokens, long row, string? column = null)
    {
        var where = column is null ? $"Prompt {row.ToString(CultureInfo.InvariantCulture)}" : $"The prompt in column '{column}', row {row.ToString(CultureInfo.InvariantCulture)},";
        if (tokens == 0)
            throw new DataFormatException($"{where} is empty: give each row at least one token to go on from.", column, row);
        var context = model.Shape.MaxPositions;
        if ((long)tokens + options.MaxNewTokens <= context)
            return;
        var room = context - options.MaxNewTokens;
        var advice = room > 0
            ? string.Create(CultureInfo.InvariantCulture, $"shorten the prompt to {room} tokens")
            : "ask for fewer new tokens";
        if (room > 0 && tokens < context)
            advice += string.Create(CultureInfo.InvariantCulture, $", or set MaxNewTokens to at most {context - tokens}");
        throw new DataFormatException(
            string.Create(CultureInfo.InvariantCulture,
                $"{where} has {tokens} tokens, and MaxNewTokens is {options.MaxNewTokens}, but the model's context has room for {context} in all: {advice}."),
            column, row);
    }

    /// <summary>Generates an answer to each prompt.</summary>
    /// <param name="prompts">The prompts' tokens.</param>
    /// <param name="seeds">The seed of each row.</param>
    /// <param name="logProbabilities">Whether the log-probability of each new token is wanted too.</param>
    /// <param name="cancellationToken">Asked before each new token.</param>
    /// <returns>An answer for each prompt, in their order.</returns>
    /// <exception cref="DataFormatException">A prompt is empty or too long.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    internal GeneratedSequence[] Generate(
        IReadOnlyList<IReadOnlyList<int>> prompts, IReadOnlyList<ulong> seeds, bool logProbabilities = false, CancellationToken cancellationToken = default)
    {
        if (seeds.Count != prompts.Count)
            throw new ArgumentException($"{prompts.Count} prompts need as many seeds, not {seeds.Count}.", nameof(seeds));
        for (var i = 0; i < prompts.Count; i++)
            CheckPrompt(prompts[i].Count, i);

        // Rows of near length stand together, so that little of a batch is padding.
        var rows = Enumerable.Range(0, prompts.Count)
            .Select(i => new Row(prompts[i], new RowRandom(options.Seed, seeds[i]), logProbabilities))
            .ToArray();
        foreach (var batch in rows.OrderBy(static row => row.PromptLength).Chunk(options.BatchSize))
            Run(batch, cancellationToken);
        return Array.ConvertAll(rows, static row => row.ToSequence());
    }

    private void Run(Row[] batch, CancellationToken cancellationToken)
    {
        using var guard = no_grad();
        using var scope = NewDisposeScope();
        var shape = model.Shape;
        var length = batch[^1].PromptLength;
        var padding = Array.ConvertAll(batch, row => length - row.PromptLength);
        using var cache = new KeyValueCache(shape.Layers, batch.Length, shape.KeyValueHeads, length + options.MaxNewTokens - 1,
            shape.HeadDim, model.Parameters.ComputeType, padding, model.Device);
        var ids = new long[batch.Length * length];
        for (var row = 0; row < batch.Length; row++)
        {
            for (var t = 0; t < batch[row].PromptLength; t++)
                ids[(row * length) + padding[row] + t] = batch[row].Tokens[t];
        }

        var alive = batch;
        for (var step = 0; ; step++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Extend(alive, ids, cache, step);
            var going = Enumerable.Range(0, alive.Length).Where(row => alive[row].Reason is null).ToArray();
            if (going.Length == 0)
                return;
            if (going.Length < alive.Length)
            {
                cache.Select(going);
                alive = Array.ConvertAll(going, row => alive[row]);
            }

            ids = Array.ConvertAll(alive, static row => (long)row.Tokens[^1]);
        }
    }

    // One forward pass over ids [rows, new tokens], and one new token for each row.
    private unsafe void Extend(Row[] rows, long[] ids, KeyValueCache cache, int step)
    {
        using var scope = NewDisposeScope();
        var hidden = model.ForwardCached(tensor(ids, [rows.Length, ids.Length / rows.Length], device: model.Device), cache);
        var logits = model.Logits(hidden.narrow(1, hidden.size(1) - 1, 1)).view(rows.Length, -1).cpu().contiguous(); // [B, V]
        var scores = TensorMemory.Floats(logits);
        var vocabulary = (int)logits.size(1);
        EngineThreads.For(rows.Length, 1, (begin, end) =>
        {
            for (var row = begin; row < end; row++)
                Extend(rows[row], new Span<float>(scores + (row * vocabulary), vocabulary), step);
        });
        GC.KeepAlive(logits);
    }

    private void Extend(Row row, Span<float> logits, int step)
    {
        var raw = row.LogProbabilities is null ? null : logits.ToArray();
        var token = chooser.Choose(logits, CollectionsMarshal.AsSpan(row.Tokens), row.Random, step);
        row.LogProbabilities?.Add((float)Probabilities.LogProbability(raw, token));
        row.Tokens.Add(token);
        if (endTokens.Contains(token))
            row.Reason = FinishReason.EndToken;
        else if (stopStrings is not null && stopStrings.EndsIn(row.Tokens))
            row.Reason = FinishReason.StopString;
        else if (step + 1 == options.MaxNewTokens)
            row.Reason = FinishReason.Length;
    }

    private sealed class Row(IReadOnlyList<int> prompt, RowRandom random, bool logProbabilities)
    {
        internal int PromptLength { get; } = prompt.Count;

        internal RowRandom Random { get; } = random;

        internal List<int> Tokens { get; } = [.. prompt];

        internal List<float>? LogProbabilities { get; } = logProbabilities ? [] : null;

        internal FinishReason? Reason { get; set; }

        internal GeneratedSequence ToSequence() =>
            new(Tokens[..PromptLength], Tokens[PromptLength..], Reason ?? FinishReason.Length, LogProbabilities);
    }
}
