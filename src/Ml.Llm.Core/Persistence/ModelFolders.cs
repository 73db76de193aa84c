using System.Globalization;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Persistence;

/// <summary>Finds the Hugging Face folders among the entries of a model zip.</summary>
/// <threadsafety>All members may be called from several threads at once.</threadsafety>
internal static class ModelFolders
{
    private const string ConfigFile = "config.json";

    /// <summary>The files of the model that is meant: their name in the folder, and their entry. Of folders within it those of chat templates are the model's.</summary>
    /// <param name="zipFile">The zip, for messages.</param>
    /// <param name="entries">Checked names, '/' between their parts.</param>
    /// <param name="index">Which model, or null where there is one.</param>
    public static IReadOnlyList<(string Name, string Entry)> Choose(string zipFile, IEnumerable<string> entries, int? index)
    {
        var byFolder = entries.ToLookup(entry => entry[..(entry.LastIndexOf('/') + 1)]);
        var folders = byFolder
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
        foreach (var entry in chosen.Concat(byFolder[chosen.Key + AdditionalChatTemplates.Folder + "/"]))
        {
            if (!PlainFileName.Is(entry[(entry.LastIndexOf('/') + 1)..]))
                throw new ModelFormatException(zipFile, $"the file name '{ZipNames.Show(entry[chosen.Key.Length..])}' is refused: {PlainFileName.Rule}.");
            files.Add((entry[chosen.Key.Length..], entry));
        }

        return files;
    }
}
