using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ml.Llm.Engine;

namespace Ml.Llm.Checkpoints;

/// <summary>
/// The file <c>manifest.json</c> of a checkpoint: format number, step, and length and SHA-256 of every other file. It is
/// written last, so a folder without one was never finished.
/// </summary>
/// <remarks>
/// Its field <c>self</c> is the SHA-256 of the manifest with 64 zeros in that place: a flipped bit within the manifest is
/// damage, and only a manifest that is whole can claim a newer format.
/// </remarks>
/// <threadsafety>All members may be called from several threads at once.</threadsafety>
internal static class CheckpointManifest
{
    internal const string FileName = "manifest.json";

    /// <summary>The newest format that this version reads, and the one it writes.</summary>
    internal const int Format = 1;

    private const int HashDigits = SHA256.HashSizeInBytes * 2;
    private static readonly string NoHash = new('0', HashDigits);
    private const int BufferBytes = 1 << 20;
    private const long MaxManifestBytes = 64 << 20;

    /// <summary>Flushes every file of a folder to the disk, writes its manifest and flushes that and the folder's names.</summary>
    internal static void Seal(string folder, long step)
    {
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(folder, path).Replace('\\', '/'))
            .Order(StringComparer.Ordinal)
            .ToList();
        var manifest = Compose(step, files.Select(name => (name, HashAndFlush(Path.Combine(folder, name)))));
        using (var stream = new FileStream(Path.Combine(folder, FileName), FileMode.CreateNew, FileAccess.Write, FileShare.None))
        {
            stream.Write(manifest);
            stream.Flush(flushToDisk: true);
        }

        foreach (var inner in Directory.EnumerateDirectories(folder, "*", SearchOption.AllDirectories))
            FileSync.Folder(inner);
        FileSync.Folder(folder);
    }

    /// <summary>Checks a folder against its manifest, to the last bit.</summary>
    /// <param name="folder">The checkpoint.</param>
    /// <param name="step">The step that the folder's name says.</param>
    /// <param name="problem">What is damaged, or empty.</param>
    /// <returns>The checkpoint, or null where it is damaged.</returns>
    /// <exception cref="ModelFormatException">The manifest is whole and of a newer format.</exception>
    internal static CheckpointFolder? Verify(string folder, long step, out string problem)
    {
        var path = Path.Combine(folder, FileName);
        try
        {
            if (!File.Exists(path))
                return Damaged(out problem, $"it has no {FileName}");
            if (new FileInfo(path).Length > MaxManifestBytes)
                return Damaged(out problem, $"its {FileName} is too large");
            return Verify(folder, step, File.ReadAllBytes(path), out problem);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            return Damaged(out problem, $"it cannot be read: {failure.Message}");
        }
    }

    private static CheckpointFolder? Verify(string folder, long step, byte[] manifest, out string problem)
    {
        using var json = JsonDocument.Parse(manifest, new JsonDocumentOptions { AllowDuplicateProperties = false });
        var root = json.RootElement;
        if (!SelfHolds(manifest, root))
            return Damaged(out problem, $"its {FileName} does not have the content that it was written with");
        var format = root.GetProperty("format").GetInt32();
        if (format > Format)
        {
            throw new ModelFormatException(Path.Combine(folder, FileName),
                string.Create(CultureInfo.InvariantCulture, $"this checkpoint is of format {format}, and this version of Ml.Llm reads formats up to {Format}: use the version that wrote it, or a newer one."));
        }

        if (root.GetProperty("step").GetInt64() is var written && written != step)
            return Damaged(out problem, string.Create(CultureInfo.InvariantCulture, $"its {FileName} is that of step {written}"));
        var files = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var entry in root.GetProperty("files").EnumerateArray())
        {
            var name = entry.GetProperty("name").GetString()!;
            var length = entry.GetProperty("length").GetInt64();
            if (Check(folder, name, length, entry.GetProperty("sha256").GetString()!) is { } wrong)
                return Damaged(out problem, wrong);
            files.Add(name, length);
        }

        problem = "";
        return new CheckpointFolder(folder, step, files);
    }

    private static CheckpointFolder? Damaged(out string problem, string what)
    {
        problem = what;
        return null;
    }

    private static string? Check(string folder, string name, long length, string hash)
    {
        if (name.Length == 0 || Path.IsPathRooted(name) || name.Split('/', '\\').Contains(".."))
            return $"its {FileName} names a file outside of the folder, '{name}'";
        var file = new FileInfo(Path.Combine(folder, name));
        if (!file.Exists)
            return $"its file {name} is missing";
        if (file.Length != length)
            return string.Create(CultureInfo.InvariantCulture, $"its file {name} has {file.Length} bytes where {length} were written");
        return string.Equals(Hash(file.FullName), hash, StringComparison.Ordinal) ? null : $"its file {name} does not have the content that was written";
    }

    private static byte[] Compose(long step, IEnumerable<(string Name, (long Length, string Hash) Content)> files)
    {
        using var memory = new MemoryStream();
        using (var writer = new Utf8JsonWriter(memory, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            writer.WriteStartObject();
            writer.WriteNumber("format", Format);
            writer.WriteNumber("step", step);
            writer.WriteStartArray("files");
            foreach (var (name, (length, hash)) in files)
            {
                writer.WriteStartObject();
                writer.WriteString("name", name);
                writer.WriteNumber("length", length);
                writer.WriteString("sha256", hash);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteString("self", NoHash);
            writer.WriteEndObject();
        }

        var manifest = memory.ToArray();
        var place = manifest.AsSpan(manifest.AsSpan().LastIndexOf(Encoding.ASCII.GetBytes(NoHash)), HashDigits);
        Encoding.ASCII.GetBytes(Hex(SHA256.HashData(manifest)), place);
        return manifest;
    }

    private static bool SelfHolds(byte[] manifest, JsonElement root)
    {
        if (!root.TryGetProperty("self", out var self) || self.GetString() is not { Length: HashDigits } expected)
            return false;
        var at = manifest.AsSpan().LastIndexOf(Encoding.UTF8.GetBytes(expected));
        if (at < 0)
            return false;
        var blank = manifest.ToArray();
        blank.AsSpan(at, HashDigits).Fill((byte)'0');
        return string.Equals(Hex(SHA256.HashData(blank)), expected, StringComparison.Ordinal);
    }

    private static (long Length, string Hash) HashAndFlush(string path)
    {
        var hash = Hash(path);
        FileSync.File(path);
        return (new FileInfo(path).Length, hash);
    }

    private static string Hash(string path)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var handle = File.OpenHandle(path, options: FileOptions.SequentialScan);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            var offset = 0L;
            for (int read; (read = RandomAccess.Read(handle, buffer, offset)) > 0; offset += read)
                hash.AppendData(buffer, 0, read);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return Hex(hash.GetHashAndReset());
    }

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
