using System.Text.RegularExpressions;

namespace Ml.Llm.Persistence;

/// <summary>Names that every file system takes as they are.</summary>
/// <threadsafety>All members may be called from several threads at once.</threadsafety>
internal static partial class PlainFileName
{
    /// <summary>The rule in words, for messages.</summary>
    public const string Rule = "the files of a model have plain names of letters, digits, '.', '_' and '-'";

    /// <summary>Whether a name is one of them.</summary>
    public static bool Is(string name) => Plain().IsMatch(name) && !Device().IsMatch(name);

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9._-]*\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Plain();

    // Names that Windows takes for devices, whatever stands behind the dot.
    [GeneratedRegex(@"^(CON|PRN|AUX|NUL|COM[0-9]|LPT[0-9])(\..*)?$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Device();
}
