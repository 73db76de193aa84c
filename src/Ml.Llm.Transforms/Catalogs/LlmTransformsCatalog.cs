using Microsoft.ML;
using Microsoft.ML.Tokenizers;

namespace Ml.Llm;

/// <summary>Estimators that need no training. Reached as <c>mlContext.Llm.Transforms</c>.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed class LlmTransformsCatalog
{
    internal LlmTransformsCatalog(MLContext context) => Context = context;

    internal MLContext Context { get; }

    /// <summary>
    /// Cleans a column of text: control characters go, line breaks become LF, runs of white space shrink, Unicode is brought
    /// to normal form C. See <see cref="CleanTextOptions"/> for each step and its default.
    /// </summary>
    /// <param name="outputColumnName">The column that is added; the input's name hides the input.</param>
    /// <param name="inputColumnName">The column of text that is read; null takes the output's name.</param>
    /// <returns>An estimator; its Fit reads no row.</returns>
    public CleanTextEstimator CleanText(string outputColumnName, string? inputColumnName = null) =>
        CleanText(new CleanTextOptions { InputColumnName = inputColumnName ?? outputColumnName, OutputColumnName = outputColumnName });

    /// <summary>Cleans a column of text.</summary>
    /// <param name="options">What is cleaned, and how.</param>
    /// <returns>An estimator; its Fit reads no row.</returns>
    /// <exception cref="ArgumentException">An option is not usable; the message names it.</exception>
    public CleanTextEstimator CleanText(CleanTextOptions options) => new(options);

    /// <summary>
    /// Turns a column of text into columns of tokens: <c>InputIds</c>, <c>AttentionMask</c> and <c>TokenTypeIds</c>, vectors of
    /// Int32 with the special tokens of the tokenizer around each text.
    /// </summary>
    /// <param name="tokenizer">The tokenizer, ours or any other of Microsoft.ML.Tokenizers. Ours is saved with the transformer; with another one it cannot be saved.</param>
    /// <param name="inputColumnName">The column of text that is read (default "Text").</param>
    /// <param name="maxLength">The most tokens of a row; longer ones are cut, counted and told in the log. Null (the default): as the tokenizer's file says.</param>
    /// <returns>An estimator; its Fit reads no row.</returns>
    /// <exception cref="ArgumentException">The tokenizer is another library's and does not say its special tokens: name them by the options.</exception>
    public EncodeTokensEstimator EncodeTokens(Tokenizer tokenizer, string inputColumnName = "Text", int? maxLength = null) =>
        EncodeTokens(tokenizer, new EncodeTokensOptions { InputColumnName = inputColumnName, MaxLength = maxLength });

    /// <summary>Turns a column of text, or two columns as pairs, into columns of tokens.</summary>
    /// <param name="tokenizer">The tokenizer, ours or any other of Microsoft.ML.Tokenizers. Ours is saved with the transformer; with another one it cannot be saved.</param>
    /// <param name="options">Columns, lengths, special tokens.</param>
    /// <returns>An estimator; its Fit reads no row.</returns>
    /// <exception cref="ArgumentException">An option is not usable; the message names it.</exception>
    public EncodeTokensEstimator EncodeTokens(Tokenizer tokenizer, EncodeTokensOptions options) => new(Context, tokenizer, options);

    /// <summary>Turns a column of ids into text.</summary>
    /// <param name="tokenizer">The tokenizer, ours or any other of Microsoft.ML.Tokenizers. Ours is saved with the transformer; with another one it cannot be saved.</param>
    /// <param name="outputColumnName">The column of text that is added (default "Text").</param>
    /// <param name="inputColumnName">The column of ids that is read (default "InputIds"): a vector of Int32.</param>
    /// <returns>An estimator; its Fit reads no row.</returns>
    public DecodeTokensEstimator DecodeTokens(Tokenizer tokenizer, string outputColumnName = "Text", string inputColumnName = "InputIds") =>
        DecodeTokens(tokenizer, new DecodeTokensOptions { InputColumnName = inputColumnName, OutputColumnName = outputColumnName });

    /// <summary>Turns a column of ids into text.</summary>
    /// <param name="tokenizer">The tokenizer, ours or any other of Microsoft.ML.Tokenizers. Ours is saved with the transformer; with another one it cannot be saved.</param>
    /// <param name="options">Columns and special tokens.</param>
    /// <returns>An estimator; its Fit reads no row.</returns>
    /// <exception cref="ArgumentException">An option is not usable; the message names it.</exception>
    public DecodeTokensEstimator DecodeTokens(Tokenizer tokenizer, DecodeTokensOptions options) => new(tokenizer, options);

    /// <summary>Turns a column of conversations, each a JSON array of messages, into the text that the tokenizer's chat template makes of it.</summary>
    /// <param name="tokenizer">The tokenizer, with its chat template; it is saved with the transformer.</param>
    /// <param name="outputColumnName">The column of text that is added (default "Text").</param>
    /// <param name="inputColumnName">The column of conversations that is read (default "Messages"): text.</param>
    /// <param name="addGenerationPrompt">Whether a message of the assistant is begun at the end (default false).</param>
    /// <returns>An estimator; its Fit reads no row.</returns>
    /// <exception cref="InvalidOperationException">The tokenizer has no chat template.</exception>
    public ApplyChatTemplateEstimator ApplyChatTemplate(
        LanguageModelTokenizer tokenizer, string outputColumnName = "Text", string inputColumnName = "Messages", bool addGenerationPrompt = false) =>
        ApplyChatTemplate(
            tokenizer,
            new ApplyChatTemplateOptions { InputColumnName = inputColumnName, OutputColumnName = outputColumnName, AddGenerationPrompt = addGenerationPrompt });

    /// <summary>Turns a column of conversations into the text that a chat template makes of each.</summary>
    /// <param name="tokenizer">The tokenizer, with its chat template and special tokens; it is saved with the transformer.</param>
    /// <param name="options">Columns, template, prompt, tools, variables.</param>
    /// <returns>An estimator; its Fit reads no row.</returns>
    /// <exception cref="ArgumentException">An option is not usable; the message names it.</exception>
    /// <exception cref="InvalidOperationException">The tokenizer has no such chat template.</exception>
    /// <exception cref="ChatTemplateException">The template is not well-formed, or uses what is not known.</exception>
    public ApplyChatTemplateEstimator ApplyChatTemplate(LanguageModelTokenizer tokenizer, ApplyChatTemplateOptions options) => new(tokenizer, options);
}
