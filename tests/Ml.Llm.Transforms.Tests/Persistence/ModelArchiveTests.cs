using System.IO.Compression;
using System.Text.Json;
using Ml.Llm.Persistence;

namespace Ml.Llm.Transforms.Tests.Persistence;

[TestClass]
public sealed class ModelArchiveTests
{
    [TestMethod]
    [TestCategory("golden-bad")]
    public void Bad_archives_are_refused_and_good_ones_read()
    {
        var golden = Environment.GetEnvironmentVariable("MLLLM_GOLDEN") ?? Path.Combine(FindRoot(), "..", "shared", "golden");
        var cases = Path.Combine(golden, "bad", "cases.json");
        if (!File.Exists(cases))
            Assert.Inconclusive("The golden cases are not there.");
        using var json = JsonDocument.Parse(File.ReadAllBytes(cases));
        var failures = new List<string>();
        var seen = 0;
        foreach (var item in json.RootElement.EnumerateArray().Where(item => item.GetProperty("reader").GetString() == "zip"))
        {
            seen++;
            var name = item.GetProperty("name").GetString()!;
            var expect = item.GetProperty("expect").GetString();
            try
            {
                var sizes = ReadAll(Path.Combine(golden, "bad", item.GetProperty("file").GetString()!), Limits(item));
                if (expect == "refuse")
                    failures.Add($"{name}: read, but must be refused");
                else if (item.TryGetProperty("expected", out var expected) && !Same(expected.GetProperty("entries"), sizes))
                    failures.Add($"{name}: other entries: {string.Join(", ", sizes)}");
            }
            catch (ModelFormatException error)
            {
                if (expect == "accept")
                    failures.Add($"{name}: refused, but is right: {error.Message}");
                else if (!FitsKind(item.GetProperty("error").GetString()!, error.Message))
                    failures.Add($"{name}: {item.GetProperty("error")} is not what this says: {error.Message}");
            }
        }

        Assert.IsEmpty(failures, string.Join('\n', failures));
        Assert.AreEqual(45, seen);
    }

    [TestMethod]
    public void A_checksum_is_that_of_zip()
    {
        var crc = new Crc32();
        crc.Add("1234"u8);
        crc.Add("56789"u8);
        Assert.AreEqual(0xCBF43926u, crc.Value);
    }

    [TestMethod]
    public void Nothing_is_written_where_extraction_fails_half_way()
    {
        var folder = Directory.CreateTempSubdirectory("mlllm-extract-").FullName;
        try
        {
            var zip = Path.Combine(folder, "model.zip");
            using (var archive = ZipFile.Open(zip, ZipArchiveMode.Create))
            {
                foreach (var name in new[] { "a/model/config.json", "a/model/model.safetensors" })
                {
                    using var stream = archive.CreateEntry(name, CompressionLevel.NoCompression).Open();
                    stream.Write(new byte[1000]);
                }
            }

            var bytes = File.ReadAllBytes(zip);
            bytes[1600] ^= 1; // in the weights: the checksum no longer fits
            File.WriteAllBytes(zip, bytes);
            var error = Assert.ThrowsExactly<ModelFormatException>(() => LanguageModel.ExtractFromModelZip(zip, Path.Combine(folder, "out")));
            Assert.Contains("checksum", error.Message);
            Assert.AreSequenceEqual([zip], Directory.GetFileSystemEntries(folder));
            Assert.ThrowsExactly<FileNotFoundException>(() => LanguageModel.ExtractFromModelZip(zip + "x", Path.Combine(folder, "out")));
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => LanguageModel.ExtractFromModelZip(zip, folder, limits: new() { MaximumEntries = 0 }));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static ModelZipLimits Limits(JsonElement item)
    {
        var limits = new ModelZipLimits();
        if (!item.TryGetProperty("options", out var options))
            return limits;
        if (options.TryGetProperty("max_uncompressed_bytes", out var bytes))
            limits = limits with { MaximumBytes = bytes.GetInt64() };
        if (options.TryGetProperty("max_entries", out var entries))
            limits = limits with { MaximumEntries = entries.GetInt32() };
        return limits;
    }

    private static Dictionary<string, long> ReadAll(string path, ModelZipLimits limits)
    {
        using var archive = ModelArchive.Open(path, limits);
        var sizes = new Dictionary<string, long>();
        foreach (var name in archive.Files.Keys)
        {
            using var bytes = new MemoryStream();
            archive.CopyTo(name, bytes);
            sizes.Add(name, bytes.Length);
        }

        return sizes;
    }

    private static bool Same(JsonElement expected, Dictionary<string, long> sizes) =>
        expected.EnumerateObject().Count() == sizes.Count
        && expected.EnumerateObject().All(entry => sizes.TryGetValue(entry.Name, out var size) && size == entry.Value.GetInt64());

    private static bool FitsKind(string kinds, string message) => kinds.Split('|').Any(kind => message.Contains(kind switch
    {
        "bad_entry_name" => "entry name",
        "symbolic_link" => "symbolic link",
        "duplicate_entry" => "there twice",
        "too_large" => "too large",
        "too_many_entries" => "too many entries",
        "size_mismatch" => "size",
        "bad_checksum" => "checksum",
        "bad_zip" => "not a readable zip",
        "encrypted" => "encrypted",
        "unknown_compression" => "compression",
        _ => "\0",
    }, StringComparison.Ordinal));

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "MlLlm.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? AppContext.BaseDirectory;
    }
}
