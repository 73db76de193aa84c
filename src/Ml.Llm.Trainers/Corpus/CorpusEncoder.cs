using System.Runtime.ExceptionServices;
using Microsoft.ML.Tokenizers;

namespace Ml.Llm.Data;

/// <summary>Turns documents into token ids, many at a time on all threads, and hands them on in their order: the result does not depend on threads.</summary>
/// <param name="tokenizer">What encodes.</param>
/// <param name="vocabularySize">Ids lie below it.</param>
/// <param name="endOfText">The id that ends every document.</param>
/// <param name="threads">The most threads to use.</param>
/// <threadsafety>Instances are immutable.</threadsafety>
internal sealed class CorpusEncoder(Tokenizer tokenizer, int vocabularySize, int endOfText, int threads)
{
    private const long BatchLength = 1 << 20;
    private const int BatchDocuments = 1 << 14;

    /// <summary>Encodes documents and hands each on with its ids, the end-of-text token included.</summary>
    /// <exception cref="DataFormatException">An id is not in the vocabulary.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    internal void Run(IEnumerable<Document> documents, Action<Document, List<int>> take, CancellationToken cancellationToken)
    {
        var batch = new List<Document>();
        long length = 0;
        foreach (var document in documents)
        {
            batch.Add(document);
            length += document.Length;
            if (length < BatchLength && batch.Count < BatchDocuments)
                continue;
            Encode(batch, take, cancellationToken);
            batch.Clear();
            length = 0;
        }

        Encode(batch, take, cancellationToken);
    }

    private void Encode(List<Document> batch, Action<Document, List<int>> take, CancellationToken cancellationToken)
    {
        var encoded = new List<int>[batch.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken };
        try
        {
            Parallel.For(0, batch.Count, options, i => encoded[i] = Encode(batch[i]));
        }
        catch (AggregateException several) when (several.InnerExceptions[0] is LlmException first)
        {
            ExceptionDispatchInfo.Throw(first);
        }

        for (var i = 0; i < encoded.Length; i++)
            take(batch[i], encoded[i]);
    }

    private List<int> Encode(Document document)
    {
        var ids = new List<int>((document.Length / 3) + 2);
        document.EncodeInto(tokenizer, ids);
        ids.Add(endOfText);
        foreach (var id in ids)
        {
            if ((uint)id >= (uint)vocabularySize)
                throw new DataFormatException($"Row {document.Row} holds the token id {id}, which is not in the vocabulary of {vocabularySize} tokens. Use the tokenizer that the ids were made with.", row: document.Row);
        }

        return ids;
    }
}
