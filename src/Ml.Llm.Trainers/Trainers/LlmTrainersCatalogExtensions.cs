using Microsoft.ML.Tokenizers;
using Ml.Llm.Training;

namespace Ml.Llm;

/// <summary>The trainers of <c>mlContext.Llm.Trainers</c>.</summary>
/// <threadsafety>All members may be called from several threads at once.</threadsafety>
public static class LlmTrainersCatalogExtensions
{
    /// <summary>Trains a language model from fresh weights on a column of texts.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="tokenizer">The tokenizer, ours or any other of Microsoft.ML.Tokenizers.</param>
    /// <param name="config">
    /// What the model is made of, such as LlamaConfig.Tiny. Its vocabulary and special tokens are replaced by the tokenizer's (with
    /// another library's tokenizer, which does not say its size, VocabSize stays).
    /// </param>
    /// <param name="textColumnName">The column that holds a document a row.</param>
    /// <param name="sequenceLength">The tokens of one training row, at most the model's longest sequence.</param>
    /// <param name="maxSteps">The number of optimizer steps; null for three epochs.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="ArgumentException">An argument is wrong; the message names it.</exception>
    public static CausalLanguageModelTrainer CausalLanguageModel(
        this LlmTrainersCatalog catalog, Tokenizer tokenizer, ModelConfig config, string textColumnName, int sequenceLength, long? maxSteps = null) =>
        catalog.CausalLanguageModel(tokenizer, config, new CausalLanguageModelOptions
        {
            TextColumnName = textColumnName,
            SequenceLength = sequenceLength,
            Training = new() { MaxSteps = maxSteps },
        });

    /// <summary>Trains a language model from fresh weights on a column of texts.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="tokenizer">The tokenizer, ours or any other of Microsoft.ML.Tokenizers.</param>
    /// <param name="config">
    /// What the model is made of, such as LlamaConfig.Tiny. Its vocabulary and special tokens are replaced by the tokenizer's (with
    /// another library's tokenizer, which does not say its size, VocabSize stays).
    /// </param>
    /// <param name="options">Columns, steps and all else.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="ArgumentException">An argument or option is wrong, or the files of the tokenizer are those of another one; the message names it.</exception>
    /// <exception cref="FileNotFoundException">There is no tokenizer at <see cref="CausalLanguageModelOptions.TokenizerFiles"/>.</exception>
    /// <exception cref="ModelFormatException">Those files are broken.</exception>
    public static CausalLanguageModelTrainer CausalLanguageModel(
        this LlmTrainersCatalog catalog, Tokenizer tokenizer, ModelConfig config, CausalLanguageModelOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return new CausalLanguageModelTrainer(catalog.Context, StartingPoint.Fresh(tokenizer, config, options.SpecialTokens, options.TokenizerFiles), options);
    }

    /// <summary>Trains a model further on a column of texts. The model itself is left as it is.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="model">The model to start from; it must have a tokenizer.</param>
    /// <param name="options">Columns, steps and all else.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="ArgumentException">An argument or option is wrong; the message names it.</exception>
    public static CausalLanguageModelTrainer CausalLanguageModel(this LlmTrainersCatalog catalog, LanguageModel model, CausalLanguageModelOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return new CausalLanguageModelTrainer(catalog.Context, StartingPoint.From(model, options.SpecialTokens, options.TokenizerFiles), options);
    }

    /// <summary>Trains the model of a transformer further on a column of texts. The transformer is left as it is.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="model">The transformer whose model to start from.</param>
    /// <param name="options">Columns, steps and all else.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="ArgumentException">An argument or option is wrong; the message names it.</exception>
    public static CausalLanguageModelTrainer CausalLanguageModel(this LlmTrainersCatalog catalog, LanguageModelTransformer model, CausalLanguageModelOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        return catalog.CausalLanguageModel(model.Model, options);
    }
}
