using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Ml.Llm.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Core.Tests.Checkpoints;

[TestClass]
public sealed class SafetensorsRoundTripTests
{
    private static readonly ScalarType[] Types =
    [
        ScalarType.Float32, ScalarType.BFloat16, ScalarType.Float16, ScalarType.Float64, ScalarType.Int64,
        ScalarType.Int32, ScalarType.Int16, ScalarType.Int8, ScalarType.Byte, ScalarType.Bool,
    ];

    [TestInitialize]
    public void Load() => TorchEngine.EnsureLoaded();

    [TestMethod]
    public void Every_type_comes_back_bit_for_bit_from_file_and_stream()
    {
        using var scope = NewDisposeScope();
        var tensors = Types.Select(type => (Name: $"t.{type}", Value: (randn(3, 5) * 40).to(type))).ToList();
        tensors.Add(("scalar", tensor(2.5f)));
        tensors.Add(("empty", zeros(0, 4)));
        tensors.Add(("turned", arange(6, ScalarType.Float32).reshape(2, 3).t()));
        using var folder = new TemporaryFolder();
        var path = folder.Combine("all.safetensors");
        var metadata = new Dictionary<string, string> { ["format"] = "pt", ["ключ"] = "\"x\"\n" };

        SafetensorsWriter.Write(path, tensors, metadata);
        using var memory = new MemoryStream();
        memory.WriteByte(7); // Reading begins where the stream stands.
        SafetensorsWriter.Write(memory, tensors, metadata);
        memory.Position = 1;

        using var fromPath = SafetensorsFile.Open(path);
        using var fromStream = SafetensorsFile.Open(memory, "memory");
        foreach (var file in new[] { fromPath, fromStream })
        {
            Assert.HasCount(tensors.Count, file.Entries);
            Assert.AreEqual("\"x\"\n", file.Metadata["ключ"]);
            foreach (var (name, value) in tensors)
            {
                var read = file.Read(name);
                Assert.AreEqual(value.dtype, read.dtype);
                Assert.AreSequenceEqual(value.shape, read.shape);
                Assert.IsTrue(value.equal(read).all().item<bool>(), name);
            }
        }

        Assert.AreSequenceEqual(File.ReadAllBytes(path), memory.ToArray()[1..]);
        Assert.HasCount(1, Directory.GetFileSystemEntries(folder.Path), "Nothing but the file is left.");
    }

    [TestMethod]
    public void Layout_is_the_formats_own_whatever_the_culture()
    {
        using var scope = NewDisposeScope();
        (string, Tensor)[] tensors = [("b", ones(1)), ("a", ones(2)), ("i", ones(1, ScalarType.Int64)), ("h", ones(1, ScalarType.BFloat16))];
        var culture = CultureInfo.CurrentCulture;
        using var memory = new MemoryStream();
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("ar-SA");
            SafetensorsWriter.Write(memory, tensors);
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }

        var bytes = memory.ToArray();
        var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        var header = Encoding.UTF8.GetString(bytes, 8, length);
        Assert.AreEqual(0, length % 8);
        Assert.AreEqual(
            """{"i":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]},"b":{"dtype":"F32","shape":[1],"data_offsets":[16,20]},"h":{"dtype":"BF16","shape":[1],"data_offsets":[20,22]}}""",
            header.TrimEnd(' '));
        Assert.HasCount(8 + length + 22, bytes);
    }

    [TestMethod]
    public void Half_and_double_weights_widen_into_a_view_of_fp32_and_leave_its_neighbours()
    {
        using var scope = NewDisposeScope();
        using var memory = new MemoryStream();
        // Longer than one chunk of the reader.
        var wide = randn(700_001);
        SafetensorsWriter.Write(memory, [("h", wide.to(ScalarType.Float16)), ("b", wide.to(ScalarType.BFloat16)), ("d", wide.to(ScalarType.Float64)), ("f", wide)]);
        memory.Position = 0;
        using var file = SafetensorsFile.Open(memory, "memory");
        var flat = full(700_003, 9f);
        var view = flat.narrow(0, 1, 700_001);
        foreach (var (name, type) in new[] { ("h", ScalarType.Float16), ("b", ScalarType.BFloat16), ("d", ScalarType.Float64), ("f", ScalarType.Float32) })
        {
            file.ReadInto(name, view);
            Assert.IsTrue(view.equal(wide.to(type).to(ScalarType.Float32)).all().item<bool>(), name);
        }

        Assert.AreEqual(9f, flat[0].item<float>());
        Assert.AreEqual(9f, flat[700_002].item<float>());
    }

    [TestMethod]
    public void A_view_that_is_not_contiguous_is_written_through()
    {
        using var scope = NewDisposeScope();
        using var memory = new MemoryStream();
        SafetensorsWriter.Write(memory, [("m", arange(6, ScalarType.Float32).reshape(3, 2))]);
        memory.Position = 0;
        using var file = SafetensorsFile.Open(memory, "memory");
        var target = zeros(2, 3);
        file.ReadInto("m", target.t());
        Assert.IsTrue(target.equal(arange(6, ScalarType.Float32).reshape(3, 2).t()).all().item<bool>());
    }

    [TestMethod]
    public void Wrong_shape_integers_as_weights_and_unknown_names_are_refused_by_name()
    {
        using var scope = NewDisposeScope();
        using var memory = new MemoryStream();
        SafetensorsWriter.Write(memory, [("w", ones(2, 3)), ("n", ones(2, ScalarType.Int32))]);
        memory.Position = 0;
        using var file = SafetensorsFile.Open(memory, "model.safetensors");
        var shape = Assert.ThrowsExactly<ModelFormatException>(() => file.ReadInto("w", zeros(3, 2)));
        Assert.Contains("'w' is of shape [2, 3], but [3, 2] is needed", shape.Message);
        var integers = Assert.ThrowsExactly<ModelFormatException>(() => file.ReadInto("n", zeros(2)));
        Assert.Contains("'n' is of dtype I32", integers.Message);
        var absent = Assert.ThrowsExactly<ModelFormatException>(() => file.Read("x"));
        Assert.StartsWith("model.safetensors: there is no tensor 'x'", absent.Message);
    }

    [TestMethod]
    public void A_file_that_shrinks_while_open_gives_an_error_not_a_crash()
    {
        using var scope = NewDisposeScope();
        using var memory = new MemoryStream();
        SafetensorsWriter.Write(memory, [("w", ones(50_000))]);
        memory.Position = 0;
        using var file = SafetensorsFile.Open(memory, "model.safetensors");
        memory.SetLength(100_000);
        var error = Assert.ThrowsExactly<ModelFormatException>(() => file.ReadInto("w", zeros(50_000)));
        Assert.Contains("'w' cannot be read", error.Message);
    }

    [TestMethod]
    public void A_missing_file_and_a_stream_that_does_not_seek_are_refused()
    {
        Assert.ThrowsExactly<ModelFormatException>(() => SafetensorsFile.Open("no/such/file.safetensors"));
        using var memory = new MemoryStream();
        using var zipped = new System.IO.Compression.DeflateStream(memory, System.IO.Compression.CompressionMode.Decompress);
        Assert.ThrowsExactly<ArgumentException>(() => SafetensorsFile.Open(zipped, "zipped"));
    }

    [TestMethod]
    public void A_failing_write_leaves_the_old_file_and_no_other()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var path = folder.Combine("w.safetensors");
        SafetensorsWriter.Write(path, [("w", ones(4))]);
        var before = File.ReadAllBytes(path);
        Assert.ThrowsExactly<ArgumentException>(() => SafetensorsWriter.Write(path, [("w", ones(4)), ("w", ones(4))]));
        Assert.ThrowsExactly<ArgumentException>(() => SafetensorsWriter.Write(path, [("__metadata__", ones(4))]));
        Assert.ThrowsExactly<IOException>(() => AtomicFile.Write(path, stream =>
        {
            stream.Write(new byte[10]);
            throw new IOException("No space left on device");
        }));
        Assert.AreSequenceEqual(before, File.ReadAllBytes(path));
        Assert.HasCount(1, Directory.GetFileSystemEntries(folder.Path));
    }
}
