using System.Globalization;

namespace Ml.Llm.Persistence;

/// <summary>Checks the names in a zip before any of them meets a file system.</summary>
/// <threadsafety>All members may be called from several threads at once.</threadsafety>
internal static class ZipNames
{
    private const int LongestName = 1024;

    /// <summary>The name with '/' between its parts; some systems write a backslash.</summary>
    /// <param name="name">The name as it is stored.</param>
    /// <param name="problem">Why the name is refused.</param>
    /// <returns>The name, or null where it is refused.</returns>
    public static string? Normalize(string name, out string problem)
    {
        var normal = name.Replace('\\', '/');
        problem = "";
        if (normal.Length is 0 or > LongestName)
            problem = "it is empty or too long";
        else if (normal.Any(c => char.IsControl(c) || c == ':'))
            problem = "it holds a control character or a colon";
        else if ((normal.EndsWith('/') ? normal[..^1] : normal).Split('/').Any(part => part.Length == 0 || part is ".." || part[^1] is '.' or ' '))
            problem = "it leads out of the archive, is absolute, or has a part that some system reads in another way";
        return problem.Length == 0 ? normal : null;
    }

    /// <summary>Shows a name in a message: what cannot be seen is written as a number.</summary>
    public static string Show(string name)
    {
        var shown = string.Concat(name.Take(100).Select(c =>
            char.IsControl(c) ? "\\u" + ((int)c).ToString("X4", CultureInfo.InvariantCulture) : c.ToString()));
        return name.Length > 100 ? shown + "..." : shown;
    }
}
