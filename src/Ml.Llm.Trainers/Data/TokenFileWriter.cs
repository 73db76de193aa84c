using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Ml.Llm.Engine;

namespace Ml.Llm.Data;

/// <summary>Writes a token file beside its final name; <see cref="Complete"/> gives it that name.</summary>
/// <threadsafety>One thread at a time.</threadsafety>
internal sealed class TokenFileWriter : IDisposable
{
    private const int BufferBytes = 1 << 20;
    private readonly string path;
    private readonly string aside;
    private readonly byte[] fingerprint;
    private readonly int vocabularySize;
    private readonly int idWidth;
    private readonly FileStream stream;
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] buffer = new byte[BufferBytes];
    private int filled;
    private bool completed;

    internal TokenFileWriter(string path, int vocabularySize, ReadOnlySpan<byte> fingerprint)
    {
        this.path = Path.GetFullPath(path);
        this.vocabularySize = vocabularySize;
        this.fingerprint = fingerprint.ToArray();
        idWidth = vocabularySize <= ushort.MaxValue + 1 ? sizeof(ushort) : sizeof(uint);
        aside = $"{this.path}{TokenFile.AsideSuffix}{Guid.NewGuid():N}";
        stream = new FileStream(aside, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        stream.Write(new byte[TokenFileHeader.Size]);
    }

    /// <summary>The ids written so far.</summary>
    internal long TokenCount { get; private set; }

    /// <summary>The documents written so far.</summary>
    internal long DocumentCount { get; private set; }

    /// <summary>Appends the ids of one document, its end mark included where there is one.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside of the vocabulary.</exception>
    internal void AppendDocument(ReadOnlySpan<int> ids)
    {
        foreach (var id in ids)
        {
            if ((uint)id >= (uint)vocabularySize)
                throw new ArgumentOutOfRangeException(nameof(ids), id, $"A token id lies outside of the vocabulary of {vocabularySize.ToString(CultureInfo.InvariantCulture)}.");
        }

        TokenCount += ids.Length;
        DocumentCount++;
        while (!ids.IsEmpty)
        {
            var count = Math.Min(ids.Length, (buffer.Length - filled) / idWidth);
            var place = buffer.AsSpan(filled, count * idWidth);
            if (idWidth == sizeof(ushort))
            {
                var narrow = MemoryMarshal.Cast<byte, ushort>(place);
                for (var i = 0; i < narrow.Length; i++)
                    narrow[i] = (ushort)ids[i];
            }
            else
            {
                MemoryMarshal.AsBytes(ids[..count]).CopyTo(place);
            }

            ids = ids[count..];
            filled += place.Length;
            if (filled == buffer.Length)
                Flush();
        }
    }

    /// <summary>Flushes the file to the disk, marks it as whole and gives it its name.</summary>
    /// <returns>The file, open for reading.</returns>
    internal TokenFile Complete()
    {
        Flush();
        stream.Flush(flushToDisk: true);
        var header = new TokenFileHeader(idWidth, vocabularySize, TokenCount, DocumentCount, fingerprint, hash.GetHashAndReset());
        stream.Seek(0, SeekOrigin.Begin);
        stream.Write(header.ToBytes());
        stream.Flush(flushToDisk: true);
        stream.Dispose();
        File.Move(aside, path, overwrite: true);
        completed = true;
        FileSync.Folder(Path.GetDirectoryName(path)!);
        return TokenFile.TryOpen(path, fingerprint, vocabularySize, _ => { }, out _)
            ?? throw new ModelFormatException(path, "the token file that was just written does not read back. Check the disk.");
    }

    /// <summary>Closes the file; one that is not complete is removed.</summary>
    public void Dispose()
    {
        stream.Dispose();
        hash.Dispose();
        if (!completed)
            File.Delete(aside);
    }

    private void Flush()
    {
        stream.Write(buffer, 0, filled);
        hash.AppendData(buffer, 0, filled);
        filled = 0;
    }
}
