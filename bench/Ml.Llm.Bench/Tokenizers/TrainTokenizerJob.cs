using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Ml.Llm.Bench.Tokenizers;

/// <summary>
/// Training tokenizers on the documentation, repeated to 100 MB (Unigram: 20 MB): seconds from the file to the tokenizer.
/// Sizes are those that the peer's npm package trains by default, since it takes no others: 30,000, and 8,000 for Unigram.
/// </summary>
internal static class TrainTokenizerJob
{
    internal static void Run(TokenizerFolder folder, BenchOptions options)
    {
        foreach (var kind in TokenizerFolder.Kinds)
        {
            var file = folder.At(kind == "unigram" ? "train-20.txt" : "train-100.txt");
            for (var threads = 1; threads <= options.Threads; threads++)
            {
                var start = Stopwatch.GetTimestamp();
                var tokenizer = Train(kind, file, threads);
                Report.Line(new JsonObject
                {
                    ["job"] = "train-tokenizer",
                    ["tokenizer"] = kind,
                    ["library"] = "Ml.Llm",
                    ["threads"] = threads,
                    ["unit"] = "s",
                    ["median"] = Report.Rounded(Stopwatch.GetElapsedTime(start).TotalSeconds),
                    ["steps"] = 1,
                    ["vocabulary"] = tokenizer.VocabularySize,
                });
                PeerProcess.Run(options.Peers, ["train", folder.Path, kind, threads.ToString(CultureInfo.InvariantCulture)], threads);
            }
        }
    }

    private static LanguageModelTokenizer Train(string kind, string file, int threads)
    {
        // Lines with their ends, as the peer reads them.
        var lines = File.ReadLines(file).Select(static line => line + "\n");
        return kind switch
        {
            "bpe" => BytePairEncodingTrainer.Train(lines, new BytePairEncodingOptions { VocabularySize = 30_000, SpecialTokens = [], FullByteAlphabet = false, Threads = threads }),
            "wordpiece" => WordPieceTrainer.Train(lines, new WordPieceOptions { VocabularySize = 30_000, Threads = threads }),
            _ => UnigramTrainer.Train(lines, new UnigramOptions { VocabularySize = 8_000, Threads = threads }),
        };
    }
}
