using System.Runtime.InteropServices;
using Ml.Llm.Engine;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Checkpoints;

/// <summary>A safetensors file that is open: its header is read and checked, tensors are read when they are asked for.</summary>
/// <threadsafety>Tensors may be read from several threads at once; disposing may not overlap with reading.</threadsafety>
internal sealed class SafetensorsFile : IDisposable
{
    private const int ChunkBytes = 1 << 20;
    private readonly ByteSource source;
    private readonly SafetensorsHeader header;

    private SafetensorsFile(ByteSource source, string name)
    {
        this.source = source;
        Name = name;
        header = SafetensorsHeader.Read(source, name);
    }

    /// <summary>The file's name, as messages give it.</summary>
    internal string Name { get; }

    /// <summary>The tensors by name, in the order of the header.</summary>
    internal IReadOnlyDictionary<string, SafetensorsEntry> Entries => header.Entries;

    /// <summary>The text pairs of <c>__metadata__</c>; empty where there are none.</summary>
    internal IReadOnlyDictionary<string, string> Metadata => header.Metadata;

    /// <summary>Opens a file. It stays open, for reading by others too, until this is disposed.</summary>
    /// <exception cref="ModelFormatException">The file breaks a rule of the format, is not there or cannot be read.</exception>
    internal static SafetensorsFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            return Open(ByteSource.OpenFile(path), path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(path, $"the file cannot be read ({failure.Message}).", failure);
        }
    }

    /// <summary>Opens what a stream holds from its current position to its end.</summary>
    /// <param name="stream">A stream that seeks.</param>
    /// <param name="name">The name for messages.</param>
    /// <param name="leaveOpen">Whether disposing this leaves the stream open (default: no).</param>
    /// <exception cref="ArgumentException">The stream does not seek.</exception>
    /// <exception cref="ModelFormatException">The bytes break a rule of the format.</exception>
    internal static SafetensorsFile Open(Stream stream, string name, bool leaveOpen = false)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanSeek)
            throw new ArgumentException("The stream must seek, since tensors are read when they are asked for: copy it to a file or a MemoryStream first.", nameof(stream));
        return Open(ByteSource.FromStream(stream, leaveOpen), name);
    }

    private static SafetensorsFile Open(ByteSource source, string name)
    {
        try
        {
            return new SafetensorsFile(source, name);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>Reads a tensor as a new one of its own type on the CPU.</summary>
    /// <exception cref="ModelFormatException">There is no such tensor, its type is not one the engine has, or the file ends early.</exception>
    internal Tensor Read(string name)
    {
        var entry = Find(name);
        if (entry.DType.ToScalarType() is not { } type)
            throw new ModelFormatException(Name, $"tensor '{name}' is of dtype {entry.DType.Code()}, which is not supported: convert the file to F32, BF16 or F16.");
        TorchEngine.EnsureLoaded();
        var tensor = empty([.. entry.Shape], type, CPU);
        try
        {
            Fill(entry, tensor);
            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    /// <summary>Reads a tensor into an existing one of the same shape.</summary>
    /// <param name="name">The tensor's name in the file.</param>
    /// <param name="destination">
    /// A tensor of fp32, into which F16, BF16 and F64 are converted, or one of the file's own type. Views are written through.
    /// </param>
    /// <exception cref="ModelFormatException">There is no such tensor, its shape or type does not fit, or the file ends early.</exception>
    internal void ReadInto(string name, Tensor destination)
    {
        var entry = Find(name);
        var shape = destination.shape;
        if (!entry.Shape.SequenceEqual(shape))
        {
            throw new ModelFormatException(Name,
                $"tensor '{name}' is of shape {entry.ShapeText}, but {SafetensorsEntry.ShapeToText(shape)} is needed: the file belongs to another configuration.");
        }

        var type = entry.DType.ToScalarType();
        var widens = destination.dtype == ScalarType.Float32 && entry.DType.WidensToFloat();
        if (type != destination.dtype && !widens)
        {
            throw new ModelFormatException(Name,
                $"tensor '{name}' is of dtype {entry.DType.Code()}, which is not supported where {SafetensorsDTypes.FromScalarType(destination.dtype).Code()} is needed: convert the file to F32, BF16 or F16.");
        }

        if (destination.device_type == DeviceType.CPU && destination.is_contiguous())
        {
            if (type == destination.dtype)
                Fill(entry, destination);
            else
                FillFloats(entry, destination);
            return;
        }

        using var noGradient = no_grad();
        using var read = Read(name);
        using (destination.copy_(read))
        {
        }
    }

    /// <summary>Reads the bytes of a tensor as the file holds them, from byte <paramref name="offset"/> of the tensor on.</summary>
    /// <exception cref="ModelFormatException">There is no such tensor, or the file ends early.</exception>
    internal void ReadBytes(string name, Span<byte> destination, long offset = 0)
    {
        var entry = Find(name);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(destination.Length, entry.ByteCount - offset, nameof(destination));
        ReadChunk(entry, destination, offset);
    }

    public void Dispose() => source.Dispose();

    private SafetensorsEntry Find(string name) => Entries.TryGetValue(name, out var entry)
        ? entry
        : throw new ModelFormatException(Name, $"there is no tensor '{name}' in it. {Nearby()}");

    private string Nearby()
    {
        var known = string.Join(", ", Entries.Keys.Take(3).Select(name => $"'{name}'"));
        return Entries.Count == 0 ? "It holds no tensor at all." : $"It holds {Entries.Count}: {known}{(Entries.Count > 3 ? ", ..." : ".")}";
    }

    private unsafe void Fill(SafetensorsEntry entry, Tensor destination)
    {
        if (entry.ByteCount == 0)
            return;
        var memory = (byte*)TensorMemory.Pointer(destination, destination.dtype);
        const int slice = 1 << 30;
        for (var done = 0L; done < entry.ByteCount; done += slice)
            ReadChunk(entry, new Span<byte>(memory + done, (int)Math.Min(slice, entry.ByteCount - done)), done);
        GC.KeepAlive(destination);
    }

    private unsafe void FillFloats(SafetensorsEntry entry, Tensor destination)
    {
        if (entry.ByteCount == 0)
            return;
        var width = entry.DType.Bits() / 8;
        var memory = TensorMemory.Floats(destination);
        var buffer = new byte[(int)Math.Min(ChunkBytes, entry.ByteCount)];
        for (var done = 0L; done < entry.ByteCount; done += buffer.Length)
        {
            var chunk = buffer.AsSpan(0, (int)Math.Min(buffer.Length, entry.ByteCount - done));
            ReadChunk(entry, chunk, done);
            FloatWidening.Convert(entry.DType, chunk, new Span<float>(memory + (done / width), chunk.Length / width));
        }

        GC.KeepAlive(destination);
    }

    private void ReadChunk(SafetensorsEntry entry, Span<byte> destination, long offset)
    {
        try
        {
            source.ReadAt(destination, header.DataStart + entry.Begin + offset);
        }
        catch (IOException failure)
        {
            throw new ModelFormatException(Name, $"tensor '{entry.Name}' cannot be read ({failure.Message}): was the file changed while it was open?", failure);
        }
    }
}
