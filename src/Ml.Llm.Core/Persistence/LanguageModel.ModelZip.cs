using Ml.Llm.Persistence;

namespace Ml.Llm;

public sealed partial class LanguageModel
{
    /// <summary>
    /// Takes the Hugging Face folder of a model out of a zip that <c>mlContext.Model.Save</c> wrote, for use without ML.NET.
    /// Neither ML.NET nor an engine is needed, and nothing in the zip is run.
    /// </summary>
    /// <param name="zipFile">The zip. It may come from anyone: names, counts, sizes and checksums are checked.</param>
    /// <param name="folder">Where the files go. It must not exist, or be empty; on an error nothing is left in it.</param>
    /// <param name="index">Which model, counted from 0 in the order of the chain; needed only where there are several.</param>
    /// <param name="limits">How much the zip may hold; null for the defaults.</param>
    /// <exception cref="FileNotFoundException">There is no such zip.</exception>
    /// <exception cref="ModelFormatException">The file is no readable zip, breaks a limit, holds no model, or holds several and no index was given: then the message lists them.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many models, or a limit is below 1.</exception>
    /// <exception cref="IOException">The folder is not empty, or cannot be written.</exception>
    public static void ExtractFromModelZip(string zipFile, string folder, int? index = null, ModelZipLimits? limits = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(zipFile);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        limits ??= new ModelZipLimits();
        limits.Validate();
        var target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any())
            throw new IOException($"The folder '{folder}' is not empty. Name a new or an empty one.");
        using var archive = ModelArchive.Open(zipFile, limits);
        var files = ModelFolders.Choose(zipFile, archive.Files.Keys, index);
        var aside = target + ".part-" + Guid.NewGuid().ToString("N");
        try
        {
            Directory.CreateDirectory(aside);
            foreach (var (name, entry) in files)
            {
                var path = Path.Combine(aside, name);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                using var stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
                archive.CopyTo(entry, stream);
            }

            if (Directory.Exists(target))
                Directory.Delete(target);
            Directory.Move(aside, target);
        }
        finally
        {
            if (Directory.Exists(aside))
                Directory.Delete(aside, recursive: true);
        }
    }
}
