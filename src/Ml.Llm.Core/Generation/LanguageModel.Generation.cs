using Ml.Llm.Generation;

namespace Ml.Llm;

public sealed partial class LanguageModel
{
    /// <summary>Completes each prompt.</summary>
    /// <param name="prompts">The prompts; none may be empty.</param>
    /// <param name="options">How to generate; null for the defaults: greedily, 20 tokens.</param>
    /// <param name="cancellationToken">Asked before each new token.</param>
    /// <returns>A completion for each prompt, in their order.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="DataFormatException">A prompt is empty, or longer than the model's context leaves room for.</exception>
    /// <exception cref="InvalidOperationException">The model has no tokenizer.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public IReadOnlyList<string> Generate(IReadOnlyList<string> prompts, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        var completions = CreateGenerator(options ?? new GenerationOptions()).Generate(prompts, cancellationToken: cancellationToken);
        return Array.ConvertAll(completions, static completion => completion.Text);
    }

    /// <summary>The generator behind <see cref="Generate"/>, for callers who bring seeds or columns.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="InvalidOperationException">The model has no tokenizer.</exception>
    internal TextGenerator CreateGenerator(GenerationOptions options)
    {
        var tokenizer = Tokenizer
            ?? throw new InvalidOperationException("The model has no tokenizer, so it cannot read prompts: load it from a folder that holds tokenizer.json.");
        return new TextGenerator(Network, tokenizer, options, [.. EndTokenIds]);
    }
}
