using System.Globalization;
using Microsoft.ML;
using Ml.Llm.Data;
using Ml.Llm.Hosting;

namespace Ml.Llm;

/// <summary>Training of tokenizers. Reached as <c>mlContext.Llm.Tokenizers</c>.</summary>
/// <remarks>
/// The rows are read once, as a stream, and memory holds the different words only. Every result is the same to the byte for
/// any number of threads and any order of rows. It equals that of Hugging Face's trainers where these are deterministic:
/// byte-pair encoding without prefix and suffix, and whole words. Where they are not, our own order is fixed: the ids of
/// characters with a prefix or suffix (and so WordPiece) follow the words sorted by code point, characters at the border of a
/// limited alphabet and those that a Unigram vocabulary must keep follow the code points, and sums have one order.
/// </remarks>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed class LlmTokenizersCatalog
{
    internal LlmTokenizersCatalog(MLContext context) => Context = context;

    internal MLContext Context { get; }

    /// <summary>Trains a byte-level byte-pair encoding, as GPT-2 and LLaMA 3 use it, on a column of text.</summary>
    /// <param name="data">The rows, read once as a stream.</param>
    /// <param name="columnName">The column of text. Rows without text are skipped, and the log says how many.</param>
    /// <param name="vocabularySize">The most tokens: 256 bytes, the special tokens, and a token for each merge.</param>
    /// <returns>The tokenizer. It is the same for any number of threads and any order of rows, and the same as Hugging Face's.</returns>
    /// <exception cref="ArgumentException">The vocabulary is smaller than the bytes and the special tokens.</exception>
    /// <exception cref="DataFormatException">The column is missing or is not text, or there is no text at all.</exception>
    public LanguageModelTokenizer TrainBytePairEncoding(IDataView data, string columnName, int vocabularySize) =>
        TrainBytePairEncoding(data, new BytePairEncodingOptions { VocabularySize = vocabularySize }, columnName);

    /// <summary>Trains a byte-pair encoding on a column of text.</summary>
    /// <param name="data">The rows, read once as a stream.</param>
    /// <param name="options">The size of the vocabulary, the special tokens and more.</param>
    /// <param name="columnName">The column of text (default "Text"). Rows without text are skipped, and the log says how many.</param>
    /// <param name="cancellationToken">Stops the training.</param>
    /// <returns>The tokenizer. It is the same for any number of threads and any order of rows.</returns>
    /// <exception cref="ArgumentException">An option is not usable.</exception>
    /// <exception cref="DataFormatException">The column is missing or is not text, or there is no text at all.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public LanguageModelTokenizer TrainBytePairEncoding(
        IDataView data,
        BytePairEncodingOptions options,
        string columnName = "Text",
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return Train(
            data, columnName, nameof(TrainBytePairEncoding), (texts, log) => BytePairEncodingTrainer.Train(texts, options, log, options.Progress, cancellationToken));
    }

    /// <summary>Trains a WordPiece vocabulary, as BERT uses it, on a column of text.</summary>
    /// <param name="data">The rows, read once as a stream.</param>
    /// <param name="columnName">The column of text. Rows without text are skipped, and the log says how many.</param>
    /// <param name="vocabularySize">The most tokens: the special tokens, the characters, and the pieces learned.</param>
    /// <returns>The tokenizer, lower case and with <c>[CLS]</c> and <c>[SEP]</c> around a text. It is the same for any number of threads and any order of rows.</returns>
    /// <exception cref="ArgumentException">The vocabulary has no room beside the special tokens.</exception>
    /// <exception cref="DataFormatException">The column is missing or is not text, or there is no text at all.</exception>
    public LanguageModelTokenizer TrainWordPiece(IDataView data, string columnName, int vocabularySize) =>
        TrainWordPiece(data, new WordPieceOptions { VocabularySize = vocabularySize }, columnName);

    /// <summary>Trains a WordPiece vocabulary on a column of text.</summary>
    /// <param name="data">The rows, read once as a stream.</param>
    /// <param name="options">The size of the vocabulary, the special tokens and more.</param>
    /// <param name="columnName">The column of text (default "Text"). Rows without text are skipped, and the log says how many.</param>
    /// <param name="cancellationToken">Stops the training.</param>
    /// <returns>The tokenizer. It is the same for any number of threads and any order of rows; Hugging Face's differs by a few tokens from run to run.</returns>
    /// <exception cref="ArgumentException">An option is not usable.</exception>
    /// <exception cref="DataFormatException">The column is missing or is not text, or there is no text at all.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public LanguageModelTokenizer TrainWordPiece(
        IDataView data,
        WordPieceOptions options,
        string columnName = "Text",
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return Train(data, columnName, nameof(TrainWordPiece), (texts, log) => WordPieceTrainer.Train(texts, options, log, options.Progress, cancellationToken));
    }

    /// <summary>Trains a Unigram vocabulary, as SentencePiece and T5 use it, on a column of text.</summary>
    /// <param name="data">The rows, read once as a stream.</param>
    /// <param name="columnName">The column of text. Rows without text are skipped, and the log says how many.</param>
    /// <param name="vocabularySize">The most tokens: the special tokens, all characters, and the pieces learned; it may be fewer.</param>
    /// <returns>The tokenizer. It is the same to the bit for any number of threads and any order of rows.</returns>
    /// <exception cref="ArgumentException">The vocabulary has no room for the characters of the texts and the special tokens.</exception>
    /// <exception cref="DataFormatException">The column is missing or is not text, or there is no text at all.</exception>
    public LanguageModelTokenizer TrainUnigram(IDataView data, string columnName, int vocabularySize) =>
        TrainUnigram(data, new UnigramOptions { VocabularySize = vocabularySize }, columnName);

    /// <summary>Trains a Unigram vocabulary on a column of text.</summary>
    /// <param name="data">The rows, read once as a stream.</param>
    /// <param name="options">The size of the vocabulary, the special tokens and more.</param>
    /// <param name="columnName">The column of text (default "Text"). Rows without text are skipped, and the log says how many.</param>
    /// <param name="cancellationToken">Stops the training.</param>
    /// <returns>The tokenizer. It is the same to the bit for any number of threads and any order of rows.</returns>
    /// <exception cref="ArgumentException">An option is not usable, or the vocabulary has no room for the characters of the texts.</exception>
    /// <exception cref="DataFormatException">The column is missing or is not text, or there is no text at all.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public LanguageModelTokenizer TrainUnigram(
        IDataView data,
        UnigramOptions options,
        string columnName = "Text",
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return Train(data, columnName, nameof(TrainUnigram), (texts, log) => UnigramTrainer.Train(texts, options, log, options.Progress, cancellationToken));
    }

    /// <summary>Trains a vocabulary of whole words on a column of text.</summary>
    /// <param name="data">The rows, read once as a stream.</param>
    /// <param name="columnName">The column of text. Rows without text are skipped, and the log says how many.</param>
    /// <param name="vocabularySize">The most tokens: the special tokens and the most frequent words.</param>
    /// <returns>The tokenizer. It is the same for any number of threads and any order of rows, and the same as Hugging Face's.</returns>
    /// <exception cref="ArgumentException">The vocabulary has no room beside the special tokens.</exception>
    /// <exception cref="DataFormatException">The column is missing or is not text, or there is no text at all.</exception>
    public LanguageModelTokenizer TrainWordLevel(IDataView data, string columnName, int vocabularySize) =>
        TrainWordLevel(data, new WordLevelOptions { VocabularySize = vocabularySize }, columnName);

    /// <summary>Trains a vocabulary of whole words on a column of text.</summary>
    /// <param name="data">The rows, read once as a stream.</param>
    /// <param name="options">The size of the vocabulary, the special tokens and more.</param>
    /// <param name="columnName">The column of text (default "Text"). Rows without text are skipped, and the log says how many.</param>
    /// <param name="cancellationToken">Stops the training.</param>
    /// <returns>The tokenizer. It is the same for any number of threads and any order of rows.</returns>
    /// <exception cref="ArgumentException">An option is not usable.</exception>
    /// <exception cref="DataFormatException">The column is missing or is not text, or there is no text at all.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public LanguageModelTokenizer TrainWordLevel(
        IDataView data,
        WordLevelOptions options,
        string columnName = "Text",
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return Train(data, columnName, nameof(TrainWordLevel), (texts, log) => WordLevelTrainer.Train(texts, options, log, options.Progress, cancellationToken));
    }

    /// <summary>Trains a new tokenizer like another one on a column of text: the same parts and special tokens, with a vocabulary of its own.</summary>
    /// <param name="tokenizer">The tokenizer that it is to be like.</param>
    /// <param name="data">The rows, read once as a stream.</param>
    /// <param name="columnName">The column of text. Rows without text are skipped, and the log says how many.</param>
    /// <param name="vocabularySize">The most tokens, special tokens included.</param>
    /// <returns>The new tokenizer.</returns>
    /// <exception cref="ArgumentException">The vocabulary is too small.</exception>
    /// <exception cref="DataFormatException">The column is missing or is not text, or there is no text at all.</exception>
    public LanguageModelTokenizer TrainNewLike(LanguageModelTokenizer tokenizer, IDataView data, string columnName, int vocabularySize) =>
        TrainNewLike(tokenizer, data, new SimilarTokenizerOptions { VocabularySize = vocabularySize }, columnName);

    /// <summary>Trains a new tokenizer like another one on a column of text: the same parts and special tokens, with a vocabulary of its own.</summary>
    /// <param name="tokenizer">The tokenizer that it is to be like.</param>
    /// <param name="data">The rows, read once as a stream.</param>
    /// <param name="options">The size of the vocabulary, more special tokens, and more.</param>
    /// <param name="columnName">The column of text (default "Text"). Rows without text are skipped, and the log says how many.</param>
    /// <param name="cancellationToken">Stops the training.</param>
    /// <returns>The new tokenizer.</returns>
    /// <exception cref="ArgumentException">An option is not usable, or the post-processor needs a token that is no special one.</exception>
    /// <exception cref="DataFormatException">The column is missing or is not text, or there is no text at all.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public LanguageModelTokenizer TrainNewLike(
        LanguageModelTokenizer tokenizer,
        IDataView data,
        SimilarTokenizerOptions options,
        string columnName = "Text",
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return Train(
            data, columnName, nameof(TrainNewLike), (texts, log) => SimilarTokenizerTrainer.Train(tokenizer, texts, options, log, options.Progress, cancellationToken));
    }

    private LanguageModelTokenizer Train(
        IDataView data, string columnName, string name, Func<IEnumerable<string>, Action<string>, LanguageModelTokenizer> train)
    {
        var host = new ComponentHost(Context, name);
        var reader = new TextColumnReader(data, columnName, name);
        var tokenizer = train(reader.Read(), host.Info);
        if (reader.EmptyRows > 0)
        {
            host.Warning(string.Create(CultureInfo.InvariantCulture,
                $"{reader.EmptyRows} of {reader.Rows} rows have no text in '{columnName}' and were skipped."));
        }

        return tokenizer;
    }
}
