namespace Ml.Llm.Data;

/// <summary>Finds the text files that a path means: a file, a folder, or a pattern.</summary>
/// <threadsafety>All members may be called from several threads at once.</threadsafety>
internal static class TextFileSearch
{
    private const string AnyDepth = "**";

    /// <summary>The files, sorted by their path in ordinal order, so that every system reads them in the same order.</summary>
    /// <param name="path">
    /// A file; a folder, which means every *.txt file in it and below; or a pattern whose last part has * or ?, such as
    /// texts/*.md, or texts/**/*.md for the folders below too.
    /// </param>
    /// <exception cref="FileNotFoundException">There is no such file, or no file fits.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    public static IReadOnlyList<string> Find(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        if (File.Exists(path))
            return [path];
        if (Directory.Exists(path))
            return Search(path, "*.txt", below: true, $"The folder '{path}' holds no .txt file, nor do the folders below it. Name other files by a pattern, such as '{path.TrimEnd('/', '\\')}/*.md'.");
        var pattern = Path.GetFileName(path);
        if (pattern.AsSpan().IndexOfAny('*', '?') < 0)
            throw new FileNotFoundException($"There is no file or folder '{path}'. Check the path; it was looked for from '{Directory.GetCurrentDirectory()}'.", path);
        var folder = Path.GetDirectoryName(path) is { Length: > 0 } given ? given : ".";
        var below = Path.GetFileName(folder) == AnyDepth;
        if (below)
            folder = Path.GetDirectoryName(folder) is { Length: > 0 } above ? above : ".";
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException($"There is no folder '{folder}', which the pattern '{path}' looks in. Check the path.");
        return Search(folder, pattern, below, $"No file fits '{path}'. Check the pattern; '{AnyDepth}' before the last part looks in the folders below too.");
    }

    private static List<string> Search(string folder, string pattern, bool below, string problem)
    {
        var files = Directory.EnumerateFiles(folder, pattern, new EnumerationOptions
        {
            RecurseSubdirectories = below,
            IgnoreInaccessible = false,
            MatchType = MatchType.Simple,
            MatchCasing = MatchCasing.CaseInsensitive,
            AttributesToSkip = FileAttributes.Hidden | FileAttributes.System,
        }).ToList();
        if (files.Count == 0)
            throw new FileNotFoundException(problem, Path.Combine(folder, pattern));
        files.Sort((left, right) => string.CompareOrdinal(left.Replace('\\', '/'), right.Replace('\\', '/')));
        return files;
    }
}
