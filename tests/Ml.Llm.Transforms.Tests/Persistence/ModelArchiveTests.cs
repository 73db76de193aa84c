using System.IO.Compression;
using Ml.Llm.Persistence;

namespace Ml.Llm.Transforms.Tests.Persistence;

[TestClass]
public sealed class ModelArchiveTests
{
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
}
