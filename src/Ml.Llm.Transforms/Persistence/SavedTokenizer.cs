using Microsoft.ML.Tokenizers;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Persistence;

/// <summary>The files of a tokenizer among the named streams of a component, in the folder tokenizer.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class SavedTokenizer
{
    private const string Folder = "tokenizer/";

    /// <summary>The tokenizer of a component, if it can be saved.</summary>
    /// <exception cref="NotSupportedException">It is another library's.</exception>
    public static LanguageModelTokenizer Of(Tokenizer tokenizer, string component) => tokenizer as LanguageModelTokenizer ?? throw PlainEncoding.NotSaved(tokenizer, component);

    /// <summary>The files' names, which the component's settings keep.</summary>
    public static string[] NamesOf(LanguageModelTokenizer tokenizer) => [.. tokenizer.ToFiles().Select(static file => file.Name)];

    /// <summary>Writes the files.</summary>
    public static void Write(ComponentStreams streams, LanguageModelTokenizer tokenizer)
    {
        foreach (var (name, content) in tokenizer.ToFiles())
            streams.Write(Folder + name, stream => stream.Write(content));
    }

    /// <summary>Reads the tokenizer.</summary>
    /// <exception cref="ModelFormatException">A file is missing or broken.</exception>
    public static LanguageModelTokenizer Read(ComponentStreams streams, IReadOnlyList<string> names)
    {
        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var name in names)
        {
            streams.Read(Folder + name, stream =>
            {
                using var memory = new MemoryStream();
                stream.CopyTo(memory);
                files.Add(name, memory.ToArray());
            });
        }

        return LanguageModelTokenizer.FromFiles(files.GetValueOrDefault, Folder, names: files.Keys);
    }
}
