using Microsoft.ML.Tokenizers;

namespace Ml.Llm;

/// <summary>How a column of ids becomes text. See <see cref="LlmTransformsCatalog.DecodeTokens(Tokenizer, DecodeTokensOptions)"/>.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed record DecodeTokensOptions
{
    /// <summary>The column of ids that is read (default "InputIds"): a vector of Int32.</summary>
    public string InputColumnName { get; init; } = "InputIds";

    /// <summary>The column of text that is added (default "Text").</summary>
    public string OutputColumnName { get; init; } = "Text";

    /// <summary>Whether special tokens are left out, those that fill among them (default false, as with Hugging Face).</summary>
    public bool SkipSpecialTokens { get; init; }

    /// <summary>
    /// The ids of the special tokens, for a tokenizer that is not a <see cref="LanguageModelTokenizer"/> and does not say them
    /// itself (default null: the tokenizer's own). <see cref="SkipSpecialTokens"/> leaves them out.
    /// </summary>
    public SpecialTokenIds? SpecialTokens { get; init; }

    /// <summary>Checks every option.</summary>
    /// <exception cref="ArgumentException">An option is not usable; the message names it.</exception>
    public void Validate()
    {
        Check(!string.IsNullOrEmpty(InputColumnName), nameof(InputColumnName));
        Check(!string.IsNullOrEmpty(OutputColumnName), nameof(OutputColumnName));
        SpecialTokens?.Validate();
    }

    private static void Check(bool holds, string option)
    {
        if (!holds)
            throw new ArgumentException($"{nameof(DecodeTokensOptions)}.{option} must name a column.", option);
    }
}
