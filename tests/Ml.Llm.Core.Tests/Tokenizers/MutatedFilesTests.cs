using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Ml.Llm.Core.Tests.Tokenizers;

/// <summary>
/// Broken tokenizer.json files: each gives a tokenizer that works, or a typed error; within bounds of time and memory.
/// </summary>
/// <remarks>
/// MLLLM_FUZZ_COUNT and MLLLM_FUZZ_SEED ask for other files than the 2,000 of the suite (bench/fuzz.sh). MLLLM_FUZZ_PLACE names a file
/// that then holds the number of the case at work, so that a crash of the process can be told. A case depends on the seed and its
/// number alone.
/// </remarks>
[TestClass]
public sealed class MutatedFilesTests
{
    private const string Probe = "Hello wörld <s> <mask>\n a aaaaaaaa  12.5 日本 𝒜 e\u0301 </s> it's [UNK] HELLO\r\n";
    private const long AllowedBytes = 64 << 20;
    private const int AllowedSeconds = 5;
    private const int HangSeconds = 60;

    private static readonly int s_count = Setting("COUNT", 2_000);
    private static readonly int s_seed = Setting("SEED", 1);

    [TestMethod]
    public void Whole_files_are_read_and_hold_every_type_of_part()
    {
        foreach (var file in EveryPart.Bytes) Assert.IsNull(Run(file));
        var text = string.Concat(EveryPart.Files);
        foreach (var type in new[]
        {
            "BPE", "WordPiece", "Unigram", "WordLevel",
            "NFC", "NFD", "NFKC", "NFKD", "Lowercase", "Strip", "StripAccents", "Replace", "Prepend", "Append", "BertNormalizer", "Nmt", "Precompiled", "ByteLevel", "Sequence",
            "Whitespace", "WhitespaceSplit", "Metaspace", "BertPreTokenizer", "Punctuation", "Digits", "Split", "UnicodeScripts", "CharDelimiterSplit", "FixedLength",
            "BertProcessing", "RobertaProcessing", "TemplateProcessing", "BPEDecoder", "ByteFallback", "Fuse", "CTC",
        })
            Assert.Contains($"\"type\":\"{type}\"", text);
    }

    [TestMethod]
    public void Broken_files_give_a_tokenizer_or_a_typed_error()
    {
        using var place = Environment.GetEnvironmentVariable("MLLLM_FUZZ_PLACE") is { Length: > 0 } path ? File.Create(path) : null;
        var (accepted, failures) = (0, new List<string>());
        var current = -1;
        var worker = new Thread(() =>
        {
            for (current = 0; current < s_count && failures.Count < 20; current++)
            {
                if (place is not null)
                {
                    place.Position = 0;
                    place.Write(Encoding.ASCII.GetBytes($"{current,10}\n"));
                    place.Flush();
                }

                var file = Case(current);
                if (RunBounded(file, ref accepted) is { } failure) failures.Add($"case {current} of seed {s_seed}: {failure}\n{Shown(file)}");
            }
        })
        { IsBackground = true };
        worker.Start();
        for (var (seen, since) = (-2, Stopwatch.StartNew()); !worker.Join(TimeSpan.FromSeconds(1));)
        {
            if (seen != current) (seen, since) = (current, Stopwatch.StartNew());
            if (since.Elapsed.TotalSeconds > HangSeconds) Assert.Fail($"case {current} of seed {s_seed} does not end:\n{Shown(Case(current))}");
        }

        Console.WriteLine($"{s_count} broken files of seed {s_seed}: {accepted} gave a tokenizer that works, {s_count - accepted} a typed error.");
        Assert.IsEmpty(failures, string.Join("\n\n", failures));
        Assert.IsGreaterThan(s_count / 20, accepted, "Hardly any broken file is read: the changes are too coarse to test what lies behind the reader.");
    }

    private static byte[] Case(int number)
    {
        var random = new Random(unchecked((s_seed * 1_000_003) + number));
        return JsonMutation.Break(EveryPart.Bytes[random.Next(EveryPart.Bytes.Count)], random);
    }

    private static string? RunBounded(byte[] file, ref int accepted)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var clock = Stopwatch.StartNew();
        try
        {
            if (Run(file) is null) accepted++;
        }
        catch (Exception failure)
        {
            return failure.ToString();
        }

        var (seconds, bytes) = (clock.Elapsed.TotalSeconds, GC.GetAllocatedBytesForCurrentThread() - before);
        return seconds > AllowedSeconds ? $"took {seconds:F1} s"
            : bytes > AllowedBytes + file.Length ? $"allocated {bytes >> 20} MiB"
            : null;
    }

    /// <summary>Reads a file and works with it; gives the typed error that this ends with, if any.</summary>
    private static Exception? Run(byte[] file)
    {
        var loaded = false;
        try
        {
            using var stream = new MemoryStream(file);
            var tokenizer = LanguageModelTokenizer.FromStream(stream);
            loaded = true;
            var encoding = tokenizer.Encode(Probe, new() { ParseSpecialTokens = true });
            tokenizer.Decode(encoding.Ids);
            var ids = new List<int>();
            tokenizer.EncodeInto(Probe, ids);
            tokenizer.Encode(Probe, "and b", new() { Truncation = TruncationOptions.None, Padding = PaddingOptions.None });
            using var again = new MemoryStream(tokenizer.ToJsonBytes());
            LanguageModelTokenizer.FromStream(again);
            return null;
        }
        catch (Exception problem) when (problem is LlmException || (loaded && problem is ArgumentException))
        {
            return problem;
        }
    }

    private static string Shown(byte[] file)
    {
        const int Most = 3_000;
        var text = Encoding.UTF8.GetString(file);
        return text.Length <= Most ? text : text[..Most] + "...";
    }

    private static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable($"MLLLM_FUZZ_{name}") is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
