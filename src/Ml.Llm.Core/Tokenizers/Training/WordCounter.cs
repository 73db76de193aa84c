using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Ml.Llm.Tokenization;

/// <summary>Counts the words of one text into a table. It is called from several threads, with a table for each.</summary>
internal delegate void CountWords(ReadOnlySpan<char> text, WordTable words);

/// <summary>
/// Counts the words of many texts: one thread reads the texts and hands out batches of bounded size through a bounded
/// queue, the others split them and count, each for itself; the counts are added up in the end.
/// </summary>
/// <remarks>
/// Sums do not depend on who counted what, so the result is the same for any number of threads. Memory holds the different
/// words and a few batches, however many texts there are.
/// </remarks>
/// <threadsafety>Belongs to one call.</threadsafety>
internal sealed class WordCounter(CountWords count, int threads, CancellationToken cancellationToken)
{
    private const int BatchCharacters = 1 << 18;

    /// <summary>How many texts were read.</summary>
    public long Texts { get; private set; }

    /// <summary>How many UTF-16 units they have.</summary>
    public long Characters { get; private set; }

    /// <summary>Counts the words of all texts.</summary>
    /// <exception cref="DataFormatException">A text is null.</exception>
    public WordTable Count(IEnumerable<string> texts)
    {
        if (threads > 1) return CountInParallel(texts);
        var words = new WordTable();
        foreach (var batch in Batches(texts)) CountBatch(batch, words);
        return words;
    }

    private WordTable CountInParallel(IEnumerable<string> texts)
    {
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var queue = new BlockingCollection<List<string>>(2 * threads);
        ExceptionDispatchInfo? failure = null;
        var tables = new WordTable[threads];
        var workers = new Thread[threads];
        for (var i = 0; i < threads; i++)
        {
            var words = tables[i] = new WordTable();
            workers[i] = new Thread(() => Work(words)) { IsBackground = true, Name = "word counter" };
            workers[i].Start();
        }

        try
        {
            foreach (var batch in Batches(texts)) queue.Add(batch, failed.Token);
        }
        catch (OperationCanceledException) when (failure is not null)
        {
            // A worker failed and stopped the reading: its error is the one to tell.
        }
        finally
        {
            queue.CompleteAdding();
            foreach (var worker in workers) worker.Join();
        }

        failure?.Throw();
        var total = tables[0];
        foreach (var words in tables.Skip(1)) total.AddAll(words);
        return total;

        void Work(WordTable words)
        {
            try
            {
                foreach (var batch in queue.GetConsumingEnumerable(failed.Token)) CountBatch(batch, words);
            }
            catch (OperationCanceledException) when (failed.IsCancellationRequested)
            {
                // The reading thread throws for the caller.
            }
            catch (Exception problem)
            {
                failure ??= ExceptionDispatchInfo.Capture(problem);
                failed.Cancel();
            }
        }
    }

    private IEnumerable<List<string>> Batches(IEnumerable<string> texts)
    {
        var batch = new List<string>();
        var size = 0;
        foreach (var text in texts)
        {
            if (text is null) throw new DataFormatException($"Text {Texts} is null; leave such rows out, or give an empty text.", row: Texts);
            Texts++;
            Characters += text.Length;
            batch.Add(text);
            size += text.Length;
            if (size < BatchCharacters) continue;
            cancellationToken.ThrowIfCancellationRequested();
            yield return batch;
            (batch, size) = ([], 0);
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (batch.Count > 0) yield return batch;
    }

    private void CountBatch(List<string> batch, WordTable words)
    {
        foreach (var text in batch)
        {
            if (text.Length > 0) count(text, words);
        }
    }
}
