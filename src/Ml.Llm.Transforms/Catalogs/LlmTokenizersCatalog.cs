using System.Globalization;
using Microsoft.ML;
using Ml.Llm.Data;
using Ml.Llm.Hosting;

namespace Ml.Llm;

/// <summary>Training of tokenizers. Reached as <c>mlContext.Llm.Tokenizers</c>.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed class LlmTokenizersCatalog
{
    internal LlmTokenizersCatalog(MLContext context) => Context = context;

    internal MLContext Context { get; }

    /// <summary>Trains a byte-level byte-pair encoding, as GPT-2 and LLaMA 3 use it, on a column of text.</summary>
    /// <param name="data">The rows, read once as a stream.</param>
    /// <param name="columnName">The column of text. Rows without text are skipped, and the log says how many.</param>
    /// <param name="vocabularySize">The most tokens: 256 bytes, the special tokens, and a token for each merge.</param>
    /// <returns>The tokenizer. It is the same for any number of threads and any order of rows.</returns>
    /// <exception cref="ArgumentException">The vocabulary is smaller than the bytes and the special tokens.</exception>
    /// <exception cref="DataFormatException">The column is missing or is not text, or there is no text at all.</exception>
    public LanguageModelTokenizer TrainBytePairEncoding(IDataView data, string columnName, int vocabularySize) =>
        TrainBytePairEncoding(data, new BytePairEncodingOptions { VocabularySize = vocabularySize }, columnName);

    /// <summary>Trains a byte-level byte-pair encoding on a column of text.</summary>
    /// <param name="data">The rows, read once as a stream.</param>
    /// <param name="options">The size of the vocabulary, the special tokens and more.</param>
    /// <param name="columnName">The column of text (default "Text"). Rows without text are skipped, and the log says how many.</param>
    /// <param name="cancellationToken">Stops the training.</param>
    /// <returns>The tokenizer. It is the same for any number of threads and any order of rows.</returns>
    /// <exception cref="ArgumentException">An option is not usable.</exception>
    /// <exception cref="DataFormatException">The column is missing or is not text, or there is no text at all.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public LanguageModelTokenizer TrainBytePairEncoding(
        IDataView data, BytePairEncodingOptions options, string columnName = "Text", CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        var host = new ComponentHost(Context, nameof(TrainBytePairEncoding));
        var reader = new TextColumnReader(data, columnName, nameof(TrainBytePairEncoding));
        var tokenizer = BytePairEncodingTrainer.Train(reader.Read(), options, host.Info, progress: null, cancellationToken);
        if (reader.EmptyRows > 0)
        {
            host.Warning(string.Create(CultureInfo.InvariantCulture,
                $"{reader.EmptyRows} of {reader.Rows} rows have no text in '{columnName}' and were skipped."));
        }

        return tokenizer;
    }
}
