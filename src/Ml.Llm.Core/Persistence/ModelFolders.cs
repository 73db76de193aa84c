using System.Globalization;
using System.Text.RegularExpressions;

namespace Ml.Llm.Persistence;

/// <summary>Finds the Hugging Face folders among the entries of a model zip.</summary>
/// <threadsafety>All members may be called from several threads at once.</threadsafety>
internal static partial class ModelFolders
{
    private const string ConfigFile = "config.json";

    /// <summary>The files of the model that is meant: their name in the folder, and their entry.</summary>
    /// <param name="zipFile">The zip, for messages.</param>
    /// <param name="entries">Checked names, '/' between their parts.</param>
    /// <param name="index">Which model, or null where there is one.</param>
    public static IReadOnlyList<(string Name, string Entry)> Choose(string zipFile, IEnumerable<string> entries, int? index)
    {
        var folders = entries
            .GroupBy(entry => entry[..(entry.LastIndexOf('/') + 1)])
            .Where(folder => folder.Contains(folder.Key + ConfigFile) && folder.Any(entry => entry.EndsWith(".safetensors", StringComparison.Ordinal)))
            .OrderBy(folder => folder.Key, StringComparer.Ordinal)
            .ToList();
        if (folders.Count == 0)
            throw new ModelFormatException(zipFile, $"there is no model in it: no folder holds {ConfigFile} and a .safetensors file. Save one of Ml.Llm's transformers with mlContext.Model.Save.");
        if (index is null && folders.Count > 1)
        {
            var list = string.Join(", ", folders.Select((folder, i) => string.Create(CultureInfo.InvariantCulture, $"{i}: '{ZipNames.Show(folder.Key)}'")));
            throw new ModelFormatException(zipFile, $"it holds {folders.Count.ToString(CultureInfo.InvariantCulture)} models; pass the index of one of them ({list}).");
        }

        if (index is { } given && (given < 0 || given >= folders.Count))
            throw new ArgumentOutOfRangeException(nameof(index), given, string.Create(CultureInfo.InvariantCulture, $"{zipFile} holds {folders.Count} models, counted from 0."));
        var chosen = folders[index ?? 0];
        var files = new List<(string, string)>();
        foreach (var entry in chosen)
        {
            var name = entry[chosen.Key.Length..];
            if (!PlainName().IsMatch(name) || DeviceName().IsMatch(name))
                throw new ModelFormatException(zipFile, $"the file name '{ZipNames.Show(name)}' is refused: the files of a model have plain names of letters, digits, '.', '_' and '-'.");
            files.Add((name, entry));
        }

        return files;
    }

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9._-]*$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PlainName();

    // Names that Windows takes for devices, whatever stands behind the dot.
    [GeneratedRegex(@"^(CON|PRN|AUX|NUL|COM[0-9]|LPT[0-9])(\..*)?$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex DeviceName();
}
