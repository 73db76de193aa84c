using System.Runtime.InteropServices;

namespace Ml.Llm.Samples;

/// <summary>Finds the XML documentation that the .NET SDK ships: packs/PACK/VERSION/ref/FRAMEWORK/*.xml under the dotnet root.</summary>
/// <threadsafety>All members may be called from several threads at once.</threadsafety>
public static class DocumentationFiles
{
    /// <summary>The documentation files of the newest version of every pack, in a fixed order.</summary>
    /// <param name="dotnetRoot">The folder that holds packs; null looks where this program's runtime lies and at DOTNET_ROOT.</param>
    /// <returns>Full paths. A file that several packs hold alike (by name and length) is listed once.</returns>
    /// <exception cref="CorpusNotFoundException">There are none.</exception>
    public static IReadOnlyList<string> Find(string? dotnetRoot = null)
    {
        return TryFind(dotnetRoot, out var files) ? files : throw new CorpusNotFoundException(RootsOf(dotnetRoot));
    }

    /// <summary>Like <see cref="Find"/>, but tells whether there are any.</summary>
    /// <param name="dotnetRoot">The folder that holds packs; null looks where this program's runtime lies and at DOTNET_ROOT.</param>
    /// <param name="files">Full paths; empty where there are none.</param>
    public static bool TryFind(string? dotnetRoot, out IReadOnlyList<string> files)
    {
        files = RootsOf(dotnetRoot).Select(static root => FilesUnder(Path.Combine(root, "packs"))).FirstOrDefault(static found => found.Count > 0) ?? [];
        return files.Count > 0;
    }

    private static IEnumerable<string> RootsOf(string? dotnetRoot) => dotnetRoot is null ? Roots() : [dotnetRoot];

    private static IEnumerable<string> Roots()
    {
        // The runtime lies in ROOT/shared/Microsoft.NETCore.App/VERSION, unless the program brings its own.
        var shared = new DirectoryInfo(RuntimeEnvironment.GetRuntimeDirectory()).Parent?.Parent;
        string?[] candidates =
        [
            shared is { Name: "shared" } ? shared.Parent?.FullName : null,
            Path.GetDirectoryName(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH")),
            Environment.GetEnvironmentVariable("DOTNET_ROOT"),
        ];
        return candidates.Where(static root => !string.IsNullOrEmpty(root)).Select(static root => Path.GetFullPath(root!)).Distinct();
    }

    private static List<string> FilesUnder(string packs)
    {
        var files = new List<string>();
        var seen = new HashSet<(string, long)>();
        foreach (var pack in Folders(packs).OrderBy(Path.GetFileName, StringComparer.Ordinal))
        {
            var newest = Newest(Folders(pack));
            var framework = newest is null ? null : Newest(Folders(Path.Combine(newest, "ref")));
            if (framework is null)
                continue;
            foreach (var file in Directory.EnumerateFiles(framework, "*.xml").OrderBy(Path.GetFileName, StringComparer.Ordinal))
            {
                if (seen.Add((Path.GetFileName(file), new FileInfo(file).Length)))
                    files.Add(file);
            }
        }

        return files;
    }

    private static IEnumerable<string> Folders(string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateDirectories(folder) : [];

    // "10.0.12", "10.0.0-rc.1.25451.107", "net10.0": numbers by value, a release after its previews.
    private static string? Newest(IEnumerable<string> folders) => folders
        .OrderBy(static folder => Version.TryParse(Path.GetFileName(folder).Split('-')[0].Replace("net", "", StringComparison.Ordinal), out var version) ? version : new Version())
        .ThenBy(static folder => !Path.GetFileName(folder).Contains('-', StringComparison.Ordinal))
        .ThenBy(Path.GetFileName, StringComparer.Ordinal)
        .LastOrDefault();
}
