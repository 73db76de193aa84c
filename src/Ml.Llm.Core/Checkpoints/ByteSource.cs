using Microsoft.Win32.SafeHandles;

namespace Ml.Llm.Checkpoints;

/// <summary>Bytes that can be read at any place: a file, or a stream that seeks.</summary>
/// <remarks>
/// Files are read where and when bytes are asked for, straight into the memory that wants them, and not by a mapping: a
/// mapped file that someone cuts short kills the process, a read one gives an error.
/// </remarks>
/// <threadsafety>Reads may be made from several threads at once.</threadsafety>
internal abstract class ByteSource : IDisposable
{
    /// <summary>The number of bytes, as it was when the source was opened.</summary>
    internal abstract long Length { get; }

    /// <summary>Fills the span with the bytes from <paramref name="offset"/> on.</summary>
    /// <exception cref="EndOfStreamException">The source ends before; it was cut short after it was opened.</exception>
    internal abstract void ReadAt(Span<byte> destination, long offset);

    public abstract void Dispose();

    /// <summary>Opens a file for reading by others and by us.</summary>
    internal static ByteSource OpenFile(string path) => new FileSource(path);

    /// <summary>Wraps a stream from its current position on.</summary>
    internal static ByteSource FromStream(Stream stream, bool leaveOpen) => new StreamSource(stream, leaveOpen);

    private sealed class FileSource(string path) : ByteSource
    {
        private readonly SafeFileHandle handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        private long? length;

        internal override long Length => length ??= RandomAccess.GetLength(handle);

        internal override void ReadAt(Span<byte> destination, long offset)
        {
            while (!destination.IsEmpty)
            {
                var read = RandomAccess.Read(handle, destination, offset);
                if (read == 0)
                    throw new EndOfStreamException($"The file ends at byte {offset}, before what was to be read.");
                destination = destination[read..];
                offset += read;
            }
        }

        public override void Dispose() => handle.Dispose();
    }

    private sealed class StreamSource(Stream stream, bool leaveOpen) : ByteSource
    {
        private readonly Lock gate = new();
        private readonly long start = stream.Position;
        private readonly long length = stream.Length - stream.Position;

        internal override long Length => length;

        internal override void ReadAt(Span<byte> destination, long offset)
        {
            lock (gate)
            {
                stream.Seek(start + offset, SeekOrigin.Begin);
                stream.ReadExactly(destination);
            }
        }

        public override void Dispose()
        {
            if (!leaveOpen)
                stream.Dispose();
        }
    }
}
