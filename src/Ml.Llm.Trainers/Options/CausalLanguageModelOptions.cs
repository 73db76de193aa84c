using Ml.Llm.Training;

namespace Ml.Llm;

/// <summary>Options of the trainer of causal language models.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed record CausalLanguageModelOptions
{
    /// <summary>
    /// The column that holds a document a row (default "Text"): text, or a vector of Int32 that are token ids already. The trained
    /// model completes the texts of a column of this name.
    /// </summary>
    public string TextColumnName { get; init; } = "Text";

    /// <summary>The column that the trained model writes its completions to (default "GeneratedText").</summary>
    public string OutputColumnName { get; init; } = "GeneratedText";

    /// <summary>
    /// The tokens of one training row (default null: the model's longest sequence, but at most 1,024). Documents are joined by the
    /// end-of-text token and cut into rows of this length; nothing is left out.
    /// </summary>
    public int? SequenceLength { get; init; }

    /// <summary>How training runs.</summary>
    public TrainingOptions Training { get; init; } = new();

    /// <summary>How the trained model completes text in a pipeline.</summary>
    public GenerationOptions Generation { get; init; } = new();

    /// <summary>
    /// The ids of the special tokens, for a tokenizer that is not a <see cref="LanguageModelTokenizer"/> and does not say them
    /// itself (default null: the tokenizer's own). Eos is needed: it parts the documents.
    /// </summary>
    public SpecialTokenIds? SpecialTokens { get; init; }

    /// <summary>
    /// The files of a tokenizer that is not a <see cref="LanguageModelTokenizer"/>: a file or folder that
    /// <see cref="LanguageModelTokenizer.FromPretrained"/> reads (default null). They are saved with the trained model, and the
    /// model that is loaded has them for its tokenizer; without them a model with such a tokenizer cannot be saved. That both
    /// encode alike is checked on a sentence: from the same files Microsoft's may treat symbols and accents in another way.
    /// </summary>
    public string? TokenizerFiles { get; init; }

    /// <summary>Checks every option, those of <see cref="Training"/> and <see cref="Generation"/> too.</summary>
    /// <exception cref="ArgumentException">An option is wrong; the message names it.</exception>
    public void Validate()
    {
        OptionChecks.NotEmpty(TextColumnName, nameof(TextColumnName));
        OptionChecks.NotEmpty(OutputColumnName, nameof(OutputColumnName));
        OptionChecks.AtLeast(SequenceLength, 1, nameof(SequenceLength));
        if (TokenizerFiles is not null)
            OptionChecks.NotEmpty(TokenizerFiles, nameof(TokenizerFiles));
        OptionChecks.Present(Training, nameof(Training));
        OptionChecks.Present(Generation, nameof(Generation));
        Training.Validate();
        Generation.Validate();
        SpecialTokens?.Validate();
    }
}
