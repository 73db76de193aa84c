using Ml.Llm.Models;

namespace Ml.Llm.Tokenization;

/// <summary>The files of a tokenizer without tokenizer.json, and what those beside the vocabulary say.</summary>
/// <param name="Open">Gives a file by its name, or null where there is none.</param>
/// <param name="Folder">What to call the place in complaints.</param>
/// <param name="Settings">What the files beside say.</param>
/// <threadsafety>As that of what opens the files.</threadsafety>
internal sealed record SlowTokenizerFiles(Func<string, Stream?> Open, string Folder, TokenizerSettings Settings)
{
    /// <summary>What to call a file in complaints.</summary>
    public string PathOf(string name) => Path.Combine(Folder, name);

    /// <summary>Reads a file that must be there.</summary>
    /// <exception cref="ModelFormatException">It is not there.</exception>
    public T Read<T>(string name, Func<Stream, string, T> reader)
    {
        using var stream = Open(name) ?? throw new ModelFormatException(PathOf(name), "the file is missing; the vocabulary beside it needs it");
        return reader(stream, PathOf(name));
    }

    /// <summary>The bytes of a file that must be there.</summary>
    public byte[] ReadBytes(string name) => Read(name, static (stream, file) => stream.ReadToEnd(file));
}
