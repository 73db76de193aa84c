namespace Ml.Llm.Persistence;

/// <summary>Reads a seekable stream from its beginning without owning it: each borrower has a position of its own and may dispose it.</summary>
/// <param name="owner">The stream, read by one thread at a time.</param>
/// <threadsafety>One thread at a time, together with all other borrowers of the same stream.</threadsafety>
internal sealed class BorrowedStream(Stream owner) : Stream
{
    private long position;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => owner.Length;

    public override long Position
    {
        get => position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            position = value;
        }
    }

    public override int Read(Span<byte> buffer)
    {
        if (owner.Position != position)
            owner.Position = position;
        var read = owner.Read(buffer);
        position += read;
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => position + offset,
        _ => Length + offset,
    };

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException("The stream is read only.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("The stream is read only.");
}
