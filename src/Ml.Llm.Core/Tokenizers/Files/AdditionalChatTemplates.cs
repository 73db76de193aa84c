using Ml.Llm.Persistence;

namespace Ml.Llm.Tokenization;

/// <summary>
/// The folder of the chat templates that are not the default one, as Transformers writes it: additional_chat_templates/NAME.jinja.
/// </summary>
/// <remarks>What else lies in the folder, folders among it, is none of them. Names are kept in ordinal order, whatever the file system's.</remarks>
/// <threadsafety>Pure functions.</threadsafety>
internal static class AdditionalChatTemplates
{
    public const string Folder = "additional_chat_templates";

    private const string Extension = ".jinja";

    /// <summary>The file of a template within the folder of its tokenizer; '/' parts names on every system.</summary>
    public static string FileOf(string name) => $"{Folder}/{name}{Extension}";

    /// <summary>The files of a folder on disk, to be handed to <see cref="Read"/>.</summary>
    /// <param name="tokenizerFolder">The folder of the tokenizer.</param>
    public static IEnumerable<string> FilesIn(string tokenizerFolder)
    {
        var folder = Path.Combine(tokenizerFolder, Folder);
        return Directory.Exists(folder) ? Directory.GetFiles(folder).Select(static path => $"{Folder}/{Path.GetFileName(path)}") : [];
    }

    /// <summary>Reads the templates.</summary>
    /// <param name="files">The names of all files of the tokenizer, '/' between folder and file; those that are no such template are passed over.</param>
    /// <param name="open">Gives the bytes of a file by its name, or null.</param>
    /// <param name="place">What to call the folder of the tokenizer in complaints.</param>
    /// <exception cref="ModelFormatException">A name cannot be written on every system, or two of them are one on some.</exception>
    public static IReadOnlyList<(string Name, byte[] Content)> Read(IEnumerable<string> files, Func<string, byte[]?> open, string place)
    {
        var templates = new List<(string Name, byte[] Content)>();
        var seen = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var file in files.Where(IsTemplate).Order(StringComparer.Ordinal))
        {
            var name = file[(Folder.Length + 1)..^Extension.Length];
            var path = Path.Combine(place, file);
            if (!PlainFileName.Is(name))
                throw new ModelFormatException(path, $"the name of the template is refused: {PlainFileName.Rule}. Rename the file, or take it away");
            if (!seen.TryAdd(name, file))
                throw new ModelFormatException(path, $"its name differs from that of {seen[name]} in upper and lower case alone, which not every system tells apart. Rename one of them");
            if (open(file) is { } content) templates.Add((name, content));
        }

        return templates;
    }

    private static bool IsTemplate(string file) =>
        file.StartsWith(Folder + "/", StringComparison.Ordinal) && file.EndsWith(Extension, StringComparison.Ordinal) && file.IndexOf('/', Folder.Length + 1) < 0;
}
