using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Ml.Llm.Bench.Tokenizers;

/// <summary>Encoding documents: MB of UTF-8 a second and allocated bytes a token, the first pass and later ones apart.</summary>
internal static class EncodeJob
{
    private const int Repetitions = 5;

    /// <summary>Measures every tokenizer, contenders and numbers of threads in turns, and the peer of bench/peers beside them.</summary>
    internal static void Run(TokenizerFolder folder, BenchOptions options)
    {
        var (documents, bytes) = folder.Documents();
        foreach (var kind in TokenizerFolder.Kinds)
        {
            Measure(folder, kind, documents, bytes, options);
            for (var threads = 1; threads <= options.Threads; threads++)
                PeerProcess.Run(options.Peers, ["encode", folder.Path, kind, threads.ToString(CultureInfo.InvariantCulture), options.Seconds.ToString(CultureInfo.InvariantCulture)], threads);
        }
    }

    private static void Measure(TokenizerFolder folder, string kind, string[] documents, long bytes, BenchOptions options)
    {
        var contenders = EncodingContenders.Of(folder, kind);
        List<Pass>[][] NoPasses() => [.. contenders.Select(_ => Enumerable.Range(0, options.Threads).Select(static _ => new List<Pass>()).ToArray())];
        var (first, later) = (NoPasses(), NoPasses());
        // The code itself is compiled on a small part, by tokenizers that are thrown away.
        foreach (var contender in contenders)
            WarmUp(contender.Make(), documents);
        for (var repetition = 0; repetition < Repetitions; repetition++)
        {
            for (var i = 0; i < contenders.Count; i++)
            {
                var encoders = Enumerable.Range(0, options.Threads).Select(_ => contenders[i].Make()).ToArray();
                for (var threads = 1; threads <= options.Threads; threads++)
                    first[i][threads - 1].Add(Encode(encoders[threads - 1], documents, threads, repetition));
                for (var spent = 0.0; spent < options.Seconds / Repetitions * options.Threads;)
                {
                    for (var threads = 1; threads <= options.Threads; threads++)
                    {
                        later[i][threads - 1].Add(Encode(encoders[threads - 1], documents, threads, later[i][threads - 1].Count));
                        spent += later[i][threads - 1][^1].Seconds;
                    }
                }
            }
        }

        for (var i = 0; i < contenders.Count; i++)
        {
            for (var threads = 1; threads <= options.Threads; threads++)
            {
                Report.Line(Line(contenders[i], kind, threads, "first", first[i], bytes));
                Report.Line(Line(contenders[i], kind, threads, "later", later[i], bytes));
            }
        }
    }

    private static void WarmUp(Func<string, int> encode, string[] documents)
    {
        for (var i = 0; i < 40; i++)
        {
            foreach (var document in documents.AsSpan(0, Math.Min(8, documents.Length)))
                encode(document);
            Thread.Sleep(5); // so that code is compiled in full meanwhile
        }
    }

    private static Pass Encode(Func<string, int> encode, string[] documents, int threads, int pass)
    {
        GC.Collect();
        var next = -1;
        long tokens = 0;
        // Processors of one machine can differ by half for minutes, as neighbours have it: a thread alone is put on each in turn.
        if (threads == 1) Processors.UseOne(pass);
        // What starting threads takes is not encoding: they stand ready before the clock runs.
        using var ready = new Barrier(threads);
        var workers = Enumerable.Range(1, threads - 1).Select(_ => new Thread(Work)).ToList();
        workers.ForEach(static worker => worker.Start());
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        ready.SignalAndWait();
        var start = Stopwatch.GetTimestamp();
        Take();
        workers.ForEach(static worker => worker.Join());
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Processors.UseAll();
        return new Pass(seconds, tokens, GC.GetTotalAllocatedBytes(precise: true) - allocated);

        void Work()
        {
            ready.SignalAndWait();
            Take();
        }

        void Take()
        {
            long mine = 0;
            for (int i; (i = Interlocked.Increment(ref next)) < documents.Length;)
                mine += encode(documents[i]);
            Interlocked.Add(ref tokens, mine);
        }
    }

    private static JsonObject Line(EncodingContender contender, string kind, int threads, string pass, List<Pass>[] byThreads, long bytes)
    {
        var passes = byThreads[threads - 1];
        var rates = Rates(passes, bytes);
        var tokens = passes[0].Tokens;
        return new JsonObject
        {
            ["job"] = "encode",
            ["tokenizer"] = kind,
            ["library"] = contender.Library,
            ["gives"] = contender.Gives,
            ["pass"] = pass,
            ["threads"] = threads,
            ["unit"] = "MB/s",
            ["median"] = Report.Rounded(rates[rates.Count / 2]),
            ["best"] = Report.Rounded(rates[^1]),
            ["worst"] = Report.Rounded(rates[0]),
            ["times_one_thread"] = Math.Round(rates[rates.Count / 2] / Rates(byThreads[0], bytes)[byThreads[0].Count / 2], 2),
            ["steps"] = rates.Count,
            ["tokens"] = tokens,
            ["allocated_bytes_per_token"] = Math.Round((double)passes.Select(static measured => measured.Allocated).Order().ElementAt(passes.Count / 2) / tokens, 1),
        };
    }

    private static List<double> Rates(List<Pass> passes, long bytes) => [.. passes.Select(measured => bytes / 1e6 / measured.Seconds).Order()];

    private sealed record Pass(double Seconds, long Tokens, long Allocated);
}
