using Ml.Llm.Engine;

namespace Ml.Llm.Checkpoints;

/// <summary>Writes a file whole or not at all, also across a crash or a loss of power.</summary>
/// <threadsafety>All members may be called from several threads at once; of two writers of one path the last wins.</threadsafety>
internal static class AtomicFile
{
    /// <summary>Writes to a sibling file, flushes it to the disk, renames it to the path and flushes the folder.</summary>
    /// <param name="path">The file to make or replace. Its folder must exist.</param>
    /// <param name="write">Writes the content; an exception leaves what was at the path unchanged.</param>
    internal static void Write(string path, Action<Stream> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(write);
        var full = Path.GetFullPath(path);
        var folder = Path.GetDirectoryName(full)
            ?? throw new ArgumentException("The path names no file.", nameof(path));
        var aside = Path.Combine(folder, $".{Path.GetFileName(full)}.tmp-{Guid.NewGuid():N}");
        try
        {
            using (var stream = new FileStream(aside, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(aside, full, overwrite: true);
        }
        catch
        {
            File.Delete(aside);
            throw;
        }

        FileSync.Folder(folder);
    }
}
