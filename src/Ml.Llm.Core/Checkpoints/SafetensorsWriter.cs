using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using Ml.Llm.Engine;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Checkpoints;

/// <summary>Writes tensors as a safetensors file, in the layout of the format's own writer.</summary>
/// <threadsafety>All members may be called from several threads at once.</threadsafety>
internal static class SafetensorsWriter
{
    private const int SliceBytes = 1 << 24;

    /// <summary>Writes a file, whole or not at all: aside first, flushed to the disk, then renamed.</summary>
    /// <param name="path">The file to make or replace.</param>
    /// <param name="tensors">The tensors, each name once. Tensors are written one after the other, without a second copy of them all.</param>
    /// <param name="metadata">Text pairs for the header, or null.</param>
    /// <exception cref="ArgumentException">A name is there twice or reserved, or a tensor is of a type that the format lacks.</exception>
    /// <exception cref="IOException">The file could not be written; what was at the path is unchanged.</exception>
    internal static void Write(string path, IReadOnlyList<(string Name, Tensor Value)> tensors, IReadOnlyDictionary<string, string>? metadata = null) =>
        AtomicFile.Write(path, stream => Write(stream, tensors, metadata));

    /// <summary>Writes to a stream, from its current position on.</summary>
    /// <inheritdoc cref="Write(string, IReadOnlyList{ValueTuple{string, Tensor}}, IReadOnlyDictionary{string, string}?)"/>
    internal static void Write(Stream stream, IReadOnlyList<(string Name, Tensor Value)> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(tensors);
        var sorted = Sort(tensors);
        stream.Write(Header(sorted, metadata));
        foreach (var (_, value, _) in sorted)
            WriteBytes(stream, value);
    }

    private static List<(string Name, Tensor Value, SafetensorsDType Type)> Sort(IReadOnlyList<(string Name, Tensor Value)> tensors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal) { "__metadata__" };
        var sorted = new List<(string Name, Tensor Value, SafetensorsDType Type)>(tensors.Count);
        foreach (var (name, value) in tensors)
        {
            if (!names.Add(name))
                throw new ArgumentException($"The tensor name '{name}' is reserved or given twice.", nameof(tensors));
            var type = SafetensorsDTypes.FromScalarType(value.dtype);
            if (type == SafetensorsDType.None)
                throw new ArgumentException($"The tensor '{name}' is of type {value.dtype}, which safetensors files do not hold.", nameof(tensors));
            sorted.Add((name, value, type));
        }

        // Widest types first keeps every tensor aligned.
        sorted.Sort((left, right) => left.Type != right.Type ? right.Type.CompareTo(left.Type) : string.CompareOrdinal(left.Name, right.Name));
        return sorted;
    }

    private static byte[] Header(List<(string Name, Tensor Value, SafetensorsDType Type)> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var json = new MemoryStream();
        json.Write(stackalloc byte[sizeof(ulong)]);
        using (var writer = new Utf8JsonWriter(json, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            if (metadata is not null)
            {
                writer.WriteStartObject("__metadata__");
                foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                    writer.WriteString(key, value);
                writer.WriteEndObject();
            }

            var offset = 0L;
            foreach (var (name, value, type) in tensors)
            {
                writer.WriteStartObject(name);
                writer.WriteString("dtype", type.Code());
                writer.WriteStartArray("shape");
                foreach (var dimension in value.shape)
                    writer.WriteNumberValue(dimension);
                writer.WriteEndArray();
                writer.WriteStartArray("data_offsets");
                writer.WriteNumberValue(offset);
                offset = checked(offset + (value.numel() * (type.Bits() / 8)));
                writer.WriteNumberValue(offset);
                writer.WriteEndArray();
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        while (json.Length % sizeof(ulong) != 0)
            json.WriteByte((byte)' ');
        var header = json.ToArray();
        var length = header.Length - sizeof(ulong);
        if (length > SafetensorsHeader.MaxHeaderBytes)
            throw new ArgumentException($"The header would take {length} bytes, where the format allows {SafetensorsHeader.MaxHeaderBytes}: write fewer tensors or shorter names.", nameof(tensors));
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)length);
        return header;
    }

    private static unsafe void WriteBytes(Stream stream, Tensor value)
    {
        var bytes = value.numel() * value.element_size();
        if (bytes == 0)
            return;
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var plain = value.device_type == DeviceType.CPU ? value : value.cpu();
        plain = plain.is_contiguous() ? plain : plain.contiguous();
        var memory = (byte*)TensorMemory.Pointer(plain, plain.dtype);
        for (var done = 0L; done < bytes; done += SliceBytes)
            stream.Write(new ReadOnlySpan<byte>(memory + done, (int)Math.Min(SliceBytes, bytes - done)));
        GC.KeepAlive(plain);
    }
}
