using System.Globalization;
using System.IO.MemoryMappedFiles;
using System.Numerics;
using System.Security.Cryptography;

namespace Ml.Llm.Data;

/// <summary>What was found where a token file was looked for.</summary>
internal enum TokenFileState
{
    /// <summary>Nothing.</summary>
    Absent,

    /// <summary>A file that was never finished or is damaged; it has been removed.</summary>
    ThrownAway,

    /// <summary>A whole file, of another corpus, tokenizer or vocabulary; it is left as it is.</summary>
    OtherFingerprint,

    /// <summary>The file that was looked for.</summary>
    Opened,
}

/// <summary>The ids of a whole corpus, one document after the other, mapped into memory: 2 bytes an id, or 4 for vocabularies over 65,536.</summary>
/// <threadsafety>Reading may go on in several threads at once; disposing may not overlap with it.</threadsafety>
internal sealed unsafe class TokenFile : IDisposable
{
    internal const string AsideSuffix = ".tmp-";
    private const int HashChunk = 1 << 24;
    private readonly TokenFileHeader header;
    private readonly MemoryMappedFile file;
    private readonly MemoryMappedViewAccessor view;
    private readonly byte* ids;

    private TokenFile(string path, TokenFileHeader header, FileStream stream)
    {
        Path = path;
        this.header = header;
        file = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        view = file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        byte* start = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        ids = start + view.PointerOffset + TokenFileHeader.Size;
    }

    /// <summary>The file's path.</summary>
    internal string Path { get; }

    /// <summary>The number of ids.</summary>
    internal long TokenCount => header.TokenCount;

    /// <summary>The number of documents.</summary>
    internal long DocumentCount => header.DocumentCount;

    /// <summary>The number of ids that there can be; every id read is below it.</summary>
    internal long VocabularySize => header.VocabularySize;

    /// <summary>What the ids were made from.</summary>
    internal ReadOnlySpan<byte> Fingerprint => header.Fingerprint;

    /// <summary>The SHA-256 of the ids.</summary>
    internal ReadOnlySpan<byte> ContentHash => header.ContentHash;

    /// <summary>Begins a new file, which takes its name only when it is complete.</summary>
    /// <param name="path">Its name. The folder must exist.</param>
    /// <param name="fingerprint">32 bytes that say what the ids are made from: see <see cref="TokenFileHeader.FingerprintOf"/>.</param>
    /// <param name="vocabularySize">The number of ids that there can be.</param>
    internal static TokenFileWriter Create(string path, ReadOnlySpan<byte> fingerprint, int vocabularySize)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(vocabularySize);
        ArgumentOutOfRangeException.ThrowIfNotEqual(fingerprint.Length, TokenFileHeader.FingerprintSize);
        return new TokenFileWriter(path, vocabularySize, fingerprint);
    }

    /// <summary>
    /// Opens a file if it is whole and made from what the caller means. What a killed run left half-written is removed,
    /// which is logged: so only the holder of the folder calls this.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="fingerprint">What the ids must have been made from, 32 bytes.</param>
    /// <param name="vocabularySize">The vocabulary that the ids must be of.</param>
    /// <param name="log">Told, in whole sentences, what is removed and why.</param>
    /// <param name="state">What was found.</param>
    /// <returns>The file, or null unless <paramref name="state"/> is <see cref="TokenFileState.Opened"/>.</returns>
    /// <exception cref="ModelFormatException">The file is of a newer version.</exception>
    internal static TokenFile? TryOpen(string path, ReadOnlySpan<byte> fingerprint, int vocabularySize, Action<string> log, out TokenFileState state)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentOutOfRangeException.ThrowIfNotEqual(fingerprint.Length, TokenFileHeader.FingerprintSize);
        path = System.IO.Path.GetFullPath(path);
        var removed = RemoveHalfWritten(path, log);
        if (!File.Exists(path))
        {
            state = removed ? TokenFileState.ThrownAway : TokenFileState.Absent;
            return null;
        }

        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        try
        {
            Span<byte> start = stackalloc byte[TokenFileHeader.Size];
            var read = stream.ReadAtLeast(start, TokenFileHeader.Size, throwOnEndOfStream: false);
            if (TokenFileHeader.Read(start[..read], stream.Length, path, out var problem) is { } header)
            {
                var same = header.VocabularySize == vocabularySize && fingerprint.SequenceEqual(header.Fingerprint);
                state = same ? TokenFileState.Opened : TokenFileState.OtherFingerprint;
                if (!same)
                    stream.Dispose();
                return same ? new TokenFile(path, header, stream) : null;
            }

            stream.Dispose();
            log($"The token file {System.IO.Path.GetFileName(path)} is thrown away: {problem}.");
            File.Delete(path);
            state = TokenFileState.ThrownAway;
            return null;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Copies ids.</summary>
    /// <param name="start">The first id's place, from 0.</param>
    /// <param name="destination">Is filled whole.</param>
    /// <exception cref="ArgumentOutOfRangeException">The file has no so many ids from there on.</exception>
    /// <exception cref="ModelFormatException">An id lies outside of the vocabulary: the file is damaged.</exception>
    internal void CopyTo(long start, Span<long> destination)
    {
        ObjectDisposedException.ThrowIf(view.SafeMemoryMappedViewHandle.IsClosed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(destination.Length, TokenCount - start, nameof(destination));
        var largest = header.IdWidth == sizeof(ushort)
            ? Widen(new ReadOnlySpan<ushort>((ushort*)ids + start, destination.Length), destination)
            : Widen(new ReadOnlySpan<uint>((uint*)ids + start, destination.Length), destination);
        if (largest >= VocabularySize)
        {
            throw new ModelFormatException(Path, string.Create(CultureInfo.InvariantCulture,
                $"the token file is damaged: among the ids from {start} on is {largest}, and the vocabulary has {VocabularySize}. Remove it, it is made anew from the corpus."));
        }
    }

    /// <summary>Whether every id is as it was written. Reads the whole file: about a second a gigabyte.</summary>
    internal bool ContentIsIntact()
    {
        ObjectDisposedException.ThrowIf(view.SafeMemoryMappedViewHandle.IsClosed, this);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var length = TokenCount * header.IdWidth;
        for (var done = 0L; done < length; done += HashChunk)
            hash.AppendData(new ReadOnlySpan<byte>(ids + done, (int)Math.Min(HashChunk, length - done)));
        return ContentHash.SequenceEqual(hash.GetHashAndReset());
    }

    public void Dispose()
    {
        if (view.SafeMemoryMappedViewHandle.IsClosed)
            return;
        view.SafeMemoryMappedViewHandle.ReleasePointer();
        view.Dispose();
        file.Dispose();
    }

    private static long Widen<T>(ReadOnlySpan<T> source, Span<long> destination)
        where T : unmanaged, IBinaryInteger<T>
    {
        var largest = 0L;
        for (var i = 0; i < source.Length; i++)
        {
            var id = long.CreateTruncating(source[i]);
            destination[i] = id;
            largest = Math.Max(largest, id);
        }

        return largest;
    }

    private static bool RemoveHalfWritten(string path, Action<string> log)
    {
        var folder = System.IO.Path.GetDirectoryName(path)!;
        if (!Directory.Exists(folder))
            return false;
        var stale = Directory.GetFiles(folder, System.IO.Path.GetFileName(path) + AsideSuffix + "*");
        foreach (var one in stale)
        {
            log($"The half-written token file {System.IO.Path.GetFileName(one)}, left by a run that was stopped, is removed.");
            File.Delete(one);
        }

        return stale.Length > 0;
    }
}
