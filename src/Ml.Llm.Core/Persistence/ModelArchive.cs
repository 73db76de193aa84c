using System.Buffers.Binary;
using System.Collections.ObjectModel;
using System.Globalization;
using System.IO.Compression;

namespace Ml.Llm.Persistence;

/// <summary>
/// Reads a model zip that may be damaged or hostile: names, counts, sizes and flags of all entries are checked when it is
/// opened, and the bytes of an entry are counted and their checksum compared while they are read, since a header can lie.
/// </summary>
/// <threadsafety>One thread at a time.</threadsafety>
internal sealed class ModelArchive : IDisposable
{
    private const long SmallEntry = 64L << 20;
    private const long LargestDeflateRatio = 1032; // what the format can reach
    private const int DirectoryEnd = 22; // bytes of the record that ends an archive, without its comment
    private const int UnixTypeMask = 0xF000;
    private const int UnixSymbolicLink = 0xA000;

    private readonly string path;
    private readonly FileStream file;
    private readonly ModelZipLimits limits;
    private readonly Dictionary<string, ZipArchiveEntry> entries = new(StringComparer.OrdinalIgnoreCase);
    private ZipArchive? archive;

    private ModelArchive(string path, ModelZipLimits limits)
    {
        this.path = path;
        this.limits = limits;
        file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
    }

    /// <summary>The names of the files, '/' between their parts, with their sizes as the headers tell them.</summary>
    public IReadOnlyDictionary<string, long> Files => entries.ToDictionary(pair => pair.Key, pair => pair.Value.Length);

    /// <summary>Opens an archive and checks all that its directory says.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ModelFormatException">It is not a zip, or breaks a rule.</exception>
    public static ModelArchive Open(string path, ModelZipLimits limits)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no file '{path}'. Check the path.", path);
        var opened = new ModelArchive(path, limits);
        try
        {
            opened.ReadDirectory();
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Copies an entry to a stream.</summary>
    /// <exception cref="ModelFormatException">There is none of that name, or its bytes do not fit its header.</exception>
    public void CopyTo(string name, Stream destination)
    {
        if (!entries.TryGetValue(name, out var entry))
            throw Problem($"the entry '{ZipNames.Show(name)}' is missing.");
        try
        {
            using var source = entry.Open();
            var checksum = new Crc32();
            var buffer = new byte[1 << 16];
            long total = 0;
            for (int read; (read = source.Read(buffer)) > 0;)
            {
                total += read;
                if (total > entry.Length)
                    break;
                checksum.Add(buffer.AsSpan(0, read));
                destination.Write(buffer.AsSpan(0, read));
            }

            if (total != entry.Length)
                throw Problem($"the entry '{ZipNames.Show(name)}' has another size than its header says. The file is damaged.");
            if (checksum.Value != entry.Crc32)
                throw Problem($"the checksum of the entry '{ZipNames.Show(name)}' does not fit its bytes. The file is damaged.");
        }
        catch (InvalidDataException damage)
        {
            throw Problem($"it is not a readable zip: the entry '{ZipNames.Show(name)}' cannot be unpacked: {damage.Message}", damage);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        archive?.Dispose();
        file.Dispose();
    }

    private void ReadDirectory()
    {
        CheckDirectoryEnd();
        ReadOnlyCollection<ZipArchiveEntry> all;
        try
        {
            archive = new ZipArchive(file, ZipArchiveMode.Read, leaveOpen: true);
            all = archive.Entries;
            if (all.Count > limits.MaximumEntries)
                throw TooMany(all.Count);
        }
        catch (InvalidDataException damage)
        {
            throw Problem($"it is not a readable zip: {damage.Message}", damage);
        }

        long total = 0;
        foreach (var entry in all)
        {
            var name = ZipNames.Normalize(entry.FullName, out var problem)
                ?? throw Problem($"the entry name '{ZipNames.Show(entry.FullName)}' is refused: {problem}.");
            if (((entry.ExternalAttributes >> 16) & UnixTypeMask) == UnixSymbolicLink)
                throw Problem($"the entry '{ZipNames.Show(name)}' is a symbolic link, which no model needs.");
            if (entry.IsEncrypted)
                throw Problem($"the entry '{ZipNames.Show(name)}' is encrypted, which is not supported.");
            if (name.EndsWith('/'))
                continue;
            if (!entries.TryAdd(name, entry))
                throw Problem($"the entry '{ZipNames.Show(name)}' is there twice (upper and lower case aside).");
            if (entry.Length / LargestDeflateRatio > entry.CompressedLength + 64)
                throw Problem($"the entry '{ZipNames.Show(name)}' cannot have the size that its header says. The file is damaged.");
            total = entry.Length > long.MaxValue - total ? long.MaxValue : total + entry.Length;
            if (total > limits.MaximumBytes || entry.Length > SmallEntry && entry.Length / limits.MaximumRatio > entry.CompressedLength)
            {
                throw Problem(string.Create(CultureInfo.InvariantCulture,
                    $"too large: with the entry '{ZipNames.Show(name)}' it unpacks to {total} bytes; the limits are {limits.MaximumBytes} bytes in all and {limits.MaximumRatio} times the packed size. Raise them in {nameof(ModelZipLimits)} where the file is yours."));
            }
        }

        CheckFolders();
    }

    private void CheckFolders()
    {
        foreach (var name in entries.Keys)
        {
            for (var end = name.LastIndexOf('/'); end > 0; end = name.LastIndexOf('/', end - 1))
            {
                if (entries.ContainsKey(name[..end]))
                    throw Problem($"the entry '{ZipNames.Show(name[..end])}' is there twice, as a file and as a folder.");
            }
        }
    }

    /// <summary>Reads the record at the end before the zip reader does, so that lies about count and size cost nothing.</summary>
    private void CheckDirectoryEnd()
    {
        var length = (int)Math.Min(file.Length, DirectoryEnd + ushort.MaxValue);
        var tail = new byte[length];
        file.Position = file.Length - length;
        file.ReadExactly(tail);
        file.Position = 0;
        var at = tail.AsSpan().LastIndexOf("PK\u0005\u0006"u8);
        if (at < 0 || length - at < DirectoryEnd)
            throw Problem("it is not a readable zip: the record that ends an archive is missing. The file is something else, or was cut off.");
        var record = tail.AsSpan(at);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(record[10..]);
        var size = BinaryPrimitives.ReadUInt32LittleEndian(record[12..]);
        var offset = BinaryPrimitives.ReadUInt32LittleEndian(record[16..]);
        var isZip64 = count == ushort.MaxValue || size == uint.MaxValue || offset == uint.MaxValue;
        if (!isZip64 && (long)offset + size > file.Length - length + at)
            throw Problem("it is not a readable zip: its directory would lie outside the file.");
        if (!isZip64 && count > limits.MaximumEntries)
            throw TooMany(count);
    }

    private ModelFormatException TooMany(long count) => Problem(string.Create(CultureInfo.InvariantCulture,
        $"too many entries: {count}; the limit is {limits.MaximumEntries}. Raise it in {nameof(ModelZipLimits)} where the file is yours."));

    private ModelFormatException Problem(string problem, Exception? inner = null) => new(path, problem, inner);
}
