namespace Ml.Llm.Golden.Tests;

/// <summary>Where the golden cases lie, and which there are: found by listing, one test a case.</summary>
/// <remarks>
/// The folder is MLLLM_GOLDEN where that is set, else ../shared/golden beside the repository. A test class takes its cases by
/// DynamicData from <see cref="List"/> and begins each test with <see cref="Require"/>, which says skipped where the area is
/// absent and fails where it is empty.
/// </remarks>
internal static class GoldenFolder
{
    private const string Absent = "(absent)";
    private const string Empty = "(empty)";

    /// <summary>The folder that holds the repository's solution.</summary>
    internal static string Repository { get; } = FindRepository();

    /// <summary>The folder of all areas; it need not exist.</summary>
    internal static string Root { get; } = Environment.GetEnvironmentVariable("MLLLM_GOLDEN") is { Length: > 0 } given
        ? Path.GetFullPath(given, Environment.GetEnvironmentVariable("PWD") ?? Repository)
        : Path.Combine(Path.GetDirectoryName(Repository)!, "shared", "golden");

    /// <summary>The path of something within an area.</summary>
    internal static string At(string area, params ReadOnlySpan<string> parts) => Path.Combine([Root, area, .. parts]);

    /// <summary>The cases of an area, for DynamicData.</summary>
    /// <param name="area">The area's folder.</param>
    /// <param name="list">Lists the cases' names, given that folder; called only where it exists.</param>
    internal static IEnumerable<object[]> List(string area, Func<string, IEnumerable<string>> list)
    {
        var folder = At(area);
        if (!Directory.Exists(folder))
            return [[Absent]];
        string[] names = [.. list(folder).Order(StringComparer.Ordinal)];
        return names.Length == 0 ? [[Empty]] : names.Select(static name => new object[] { name });
    }

    /// <summary>The cases that are subfolders.</summary>
    internal static IEnumerable<object[]> Folders(string area) =>
        List(area, static folder => Directory.EnumerateDirectories(folder).Select(static path => Path.GetFileName(path)));

    /// <summary>The cases that one file of an area lists; none, said as absent, where the area does without that file.</summary>
    internal static IEnumerable<object[]> Rows(string area, string file, Func<string, IEnumerable<string>> list) =>
        Directory.Exists(At(area)) && !File.Exists(At(area, file)) ? [[Absent]] : List(area, folder => list(Path.Combine(folder, file)));

    /// <summary>Everything directly in an area but its README.</summary>
    internal static IEnumerable<object[]> Items(string area) =>
        List(area, static folder => Directory.EnumerateFileSystemEntries(folder).Select(static path => Path.GetFileName(path)).Where(static name => name != "README.md"));

    /// <summary>Ends the test as skipped where there is no such area, and as failed where it holds no case.</summary>
    internal static void Require(string area, string name)
    {
        if (name == Absent)
            Assert.Inconclusive($"There are no golden cases of this kind at {At(area)}: set MLLLM_GOLDEN to the folder of all areas.");
        if (name == Empty)
            Assert.Fail($"{At(area)} holds no case.");
    }

    private static string FindRepository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "MlLlm.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException("The tests run outside the repository.");
    }
}
