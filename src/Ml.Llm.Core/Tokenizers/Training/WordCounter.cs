using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Ml.Llm.Tokenization;

/// <summary>
/// Counts the pieces of many texts: one thread reads the texts and hands out batches of bounded size through a bounded
/// queue, the others split them and count, each for itself; the counts are added up in the end.
/// </summary>
/// <remarks>Sums do not depend on who counted what, so the result is the same for any number of threads.</remarks>
/// <threadsafety>Belongs to one call.</threadsafety>
internal sealed class WordCounter(IPreTokenizer preTokenizer, int threads, CancellationToken cancellationToken)
{
    private const int BatchCharacters = 1 << 18;

    private long _texts;
    private long _characters;

    /// <summary>How many texts were read.</summary>
    public long Texts => Interlocked.Read(ref _texts);

    /// <summary>How many UTF-16 units they have.</summary>
    public long Characters => Interlocked.Read(ref _characters);

    /// <summary>Counts the pieces of all texts.</summary>
    /// <exception cref="DataFormatException">A text is null.</exception>
    public Dictionary<string, long> Count(IEnumerable<string> texts)
    {
        if (threads == 1)
        {
            var counts = new Dictionary<string, long>();
            foreach (var batch in Batches(texts)) CountBatch(batch, counts);
            return counts;
        }

        return CountInParallel(texts);
    }

    private Dictionary<string, long> CountInParallel(IEnumerable<string> texts)
    {
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var queue = new BlockingCollection<List<string>>(2 * threads);
        ExceptionDispatchInfo? failure = null;
        var partial = new Dictionary<string, long>[threads];
        var workers = new Thread[threads];
        for (var i = 0; i < threads; i++)
        {
            var counts = partial[i] = [];
            workers[i] = new Thread(() => Work(counts)) { IsBackground = true, Name = "word counter" };
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
        var total = partial[0];
        foreach (var counts in partial.Skip(1))
        {
            foreach (var (word, count) in counts) CollectionsMarshal.GetValueRefOrAddDefault(total, word, out _) += count;
        }

        return total;

        void Work(Dictionary<string, long> counts)
        {
            try
            {
                foreach (var batch in queue.GetConsumingEnumerable(failed.Token)) CountBatch(batch, counts);
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
        long row = 0;
        foreach (var text in texts)
        {
            if (text is null) throw new DataFormatException($"Text {row} is null; leave such rows out, or give an empty text.", row: row);
            row++;
            Interlocked.Increment(ref _texts);
            Interlocked.Add(ref _characters, text.Length);
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

    private void CountBatch(List<string> batch, Dictionary<string, long> counts)
    {
        var lookup = counts.GetAlternateLookup<ReadOnlySpan<char>>();
        var pieces = PieceList.Rent();
        foreach (var text in batch)
        {
            var spaced = preTokenizer.WantsSpaceBefore(text) ? " " + text : text;
            pieces.Clear();
            preTokenizer.Split(spaced, 0, spaced.Length, pieces);
            foreach (var (start, end) in pieces.Items)
                CollectionsMarshal.GetValueRefOrAddDefault(lookup, spaced.AsSpan(start, end - start), out _)++;
        }

        PieceList.Return(pieces);
    }
}
