using Ml.Llm.Engine;

namespace Ml.Llm.Models;

/// <summary>Writes a model's folder whole or not at all: aside, flushed, then renamed.</summary>
/// <remarks>
/// Where the folder exists, it is swapped for the new one; files that do not belong to a model, such as a README, move over. A
/// crash leaves the old folder or the new one, at worst under a name with .old- or .part- behind it.
/// </remarks>
internal static class ModelFolder
{
    /// <summary>Writes the folder.</summary>
    /// <param name="folder">The folder to make or replace.</param>
    /// <param name="writeFiles">Is given what writes one file by its name, '/' between a folder and its file.</param>
    /// <exception cref="IOException">It cannot be written; what was there is unchanged.</exception>
    internal static void Write(string folder, Action<Action<string, Action<Stream>>> writeFiles)
    {
        var target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (new DirectoryInfo(target) is { Exists: true } existing && existing.ResolveLinkTarget(returnFinalTarget: true) is { } linked)
            target = linked.FullName;
        if (File.Exists(target))
            throw new IOException($"{folder} is a file. Name a folder.");
        var parent = Path.GetDirectoryName(target) ?? throw new IOException($"{folder} is the root of a file system. Name a folder within it.");
        var mark = Guid.NewGuid().ToString("N");
        var aside = $"{target}.part-{mark}";
        try
        {
            Directory.CreateDirectory(aside);
            writeFiles((name, write) =>
            {
                var path = Path.Combine(aside, name);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                using var stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 16);
                write(stream);
                stream.Flush(flushToDisk: true);
            });
            foreach (var within in Directory.GetDirectories(aside))
                FileSync.Folder(within);
            FileSync.Folder(aside);
            if (Directory.Exists(target))
                Swap(target, aside, $"{target}.old-{mark}");
            else
                Directory.Move(aside, target);
        }
        finally
        {
            if (Directory.Exists(aside))
                Directory.Delete(aside, recursive: true);
        }

        FileSync.Folder(parent);
    }

    private static void Swap(string target, string aside, string old)
    {
        Directory.Move(target, old);
        try
        {
            Directory.Move(aside, target);
        }
        catch
        {
            Directory.Move(old, target);
            throw;
        }

        foreach (var path in Directory.EnumerateFileSystemEntries(old))
        {
            var name = Path.GetFileName(path);
            if (ModelFileNames.IsReplaced(name))
                continue;
            if (Directory.Exists(path))
                Directory.Move(path, Path.Combine(target, name));
            else
                File.Move(path, Path.Combine(target, name));
        }

        Directory.Delete(old, recursive: true);
    }
}
