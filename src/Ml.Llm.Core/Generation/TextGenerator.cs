using Microsoft.ML.Tokenizers;
using Ml.Llm.Models;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Generation;

/// <summary>Completes texts: tokenizes prompts, lets <see cref="SequenceGenerator"/> go on from them, and turns the new tokens into text.</summary>
/// <threadsafety>Safe from several threads at once where the tokenizer is.</threadsafety>
internal sealed class TextGenerator
{
    private readonly Tokenizer tokenizer;
    private readonly GenerationOptions options;
    private readonly SequenceGenerator sequences;

    /// <summary>Makes a generator.</summary>
    /// <param name="model">The model, which must not change while it generates.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="options">How to generate.</param>
    /// <param name="endTokens">The model's own end tokens, which the options may override.</param>
    internal TextGenerator(DecoderModel model, Tokenizer tokenizer, GenerationOptions options, params IEnumerable<int> endTokens)
    {
        options.Validate();
        this.tokenizer = tokenizer;
        this.options = options;
        var stop = options.StopStrings.Count == 0 ? null : new StopStrings(tokenizer, options.StopStrings);
        sequences = new SequenceGenerator(model, options, endTokens, stop);
    }

    /// <summary>Completes each prompt.</summary>
    /// <param name="prompts">The prompts.</param>
    /// <param name="seeds">The seed of each row; null takes them from the prompts.</param>
    /// <param name="column">The column that the prompts come from, for error messages.</param>
    /// <param name="firstRow">The row of the first prompt in that column, for error messages.</param>
    /// <param name="logProbabilities">Whether the log-probability of each new token is wanted too.</param>
    /// <param name="cancellationToken">Asked before each new token.</param>
    /// <returns>A completion for each prompt, in their order.</returns>
    /// <exception cref="DataFormatException">A prompt is empty, or longer than the model's context leaves room for.</exception>
    internal Completion[] Generate(
        IReadOnlyList<string> prompts,
        IReadOnlyList<ulong>? seeds = null,
        string? column = null,
        long firstRow = 0,
        bool logProbabilities = false,
        CancellationToken cancellationToken = default)
    {
        var ids = new IReadOnlyList<int>[prompts.Count];
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = string.IsNullOrEmpty(prompts[i]) ? [] : Encode(prompts[i]);
            sequences.CheckPrompt(ids[i].Count, firstRow + i, column);
        }

        seeds ??= [.. prompts.Select(static prompt => RowRandom.SeedOf(prompt))];
        var generated = sequences.Generate(ids, seeds, logProbabilities, cancellationToken);
        return [.. generated.Select((sequence, i) => new Completion(TextOf(prompts[i], sequence), sequence))];
    }

    private string TextOf(string prompt, GeneratedSequence sequence)
    {
        var answer = sequence.Reason == FinishReason.EndToken ? sequence.Ids.Take(sequence.Ids.Count - 1) : sequence.Ids;
        // Decoded behind the prompt, since some tokenizers write the first token of a text differently.
        var before = Decode(sequence.PromptIds);
        var whole = Decode(sequence.PromptIds.Concat(answer));
        var completion = whole.StartsWith(before, StringComparison.Ordinal) ? whole[before.Length..] : Decode(answer);
        return options.IncludePrompt ? prompt + completion : completion;
    }

    // A prompt goes on: no token is put around it.
    private List<int> Encode(string prompt)
    {
        var ids = new List<int>();
        PlainEncoding.EncodeInto(tokenizer, prompt, ids);
        return ids;
    }

    private string Decode(IEnumerable<int> ids) => tokenizer is LanguageModelTokenizer ours
        ? ours.Decode(ids, skipSpecialTokens: true)
        : tokenizer.Decode(ids) ?? "";
}
