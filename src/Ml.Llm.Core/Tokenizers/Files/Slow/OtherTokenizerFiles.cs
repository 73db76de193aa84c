using Ml.Llm.Models;

namespace Ml.Llm.Tokenization;

/// <summary>Reads tokenizers without tokenizer.json: finds the files that are there, and hands them to the reader of their form.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class OtherTokenizerFiles
{
    private static readonly Form[] s_forms =
    [
        new(SentencePieceFiles.Names, SentencePieceFiles.Classes, SentencePieceFiles.Read),
        new([MergeFiles.Vocabulary], MergeFiles.Classes, MergeFiles.Read),
        new([WordPieceFiles.Vocabulary], WordPieceFiles.Classes, WordPieceFiles.Read),
    ];

    /// <summary>What may be there, for complaints.</summary>
    public static string Named { get; } =
        $"{TokenizerFiles.Tokenizer}, a SentencePiece model ({string.Join(", ", SentencePieceFiles.Names)}), "
        + $"{MergeFiles.Vocabulary} with {MergeFiles.Merges}, or {WordPieceFiles.Vocabulary}";

    /// <summary>All names of vocabularies.</summary>
    public static IEnumerable<string> Vocabularies => s_forms.SelectMany(form => form.Names);

    /// <summary>Reads the tokenizer of a folder; null where there is none.</summary>
    /// <param name="open">Gives a file by its name, or null.</param>
    /// <param name="folder">What to call the place in complaints.</param>
    /// <exception cref="ModelFormatException">A file is broken, or of a class that is not known.</exception>
    public static TokenizerPipeline? ReadFolder(Func<string, Stream?> open, string folder)
    {
        var there = s_forms.SelectMany(form => form.Names.Where(name => IsThere(open, name)).Select(name => (Form: form, Name: name))).ToList();
        if (there.Count == 0) return null;
        var files = FilesOf(open, folder);
        foreach (var (form, name) in there)
            if (form.Takes(files.Settings.Class))
                return form.Read(files, name);
        throw NotKnown(files, there[0].Form, there[0].Name);
    }

    /// <summary>Reads one file, whatever its name says; those beside it are heeded.</summary>
    /// <param name="open">Gives a file by its name, or null.</param>
    /// <param name="folder">What to call the place in complaints.</param>
    /// <param name="name">The name of the file.</param>
    /// <returns>The tokenizer, or null where the name is that of none of these forms.</returns>
    /// <exception cref="ModelFormatException">A file is broken, or of a class that is not known.</exception>
    public static TokenizerPipeline? ReadFile(Func<string, Stream?> open, string folder, string name)
    {
        if (name == MergeFiles.Merges) name = MergeFiles.Vocabulary;
        var form = Path.GetExtension(name) switch
        {
            ".model" => s_forms[0],
            ".txt" => s_forms[2],
            _ when name == MergeFiles.Vocabulary => s_forms[1],
            _ => null,
        };
        if (form is null) return null;
        var files = FilesOf(open, folder);
        return form.Takes(files.Settings.Class) ? form.Read(files, name) : throw NotKnown(files, form, name);
    }

    private static SlowTokenizerFiles FilesOf(Func<string, Stream?> open, string folder) =>
        new(open, folder, TokenizerSettings.Read(name => open(name)?.ReadToEnd(Path.Combine(folder, name)), folder));

    private static bool IsThere(Func<string, Stream?> open, string name)
    {
        using var stream = open(name);
        return stream is not null;
    }

    private static ModelFormatException NotKnown(SlowTokenizerFiles files, Form form, string name) => new(
        files.PathOf(name),
        $"the tokenizer is of the class {files.Settings.Class}, which is not known for this file ({string.Join(", ", form.Classes)} are); convert it to {TokenizerFiles.Tokenizer}");

    /// <summary>A form of files.</summary>
    /// <param name="Names">The names of its vocabulary.</param>
    /// <param name="Classes">The classes of Transformers that it holds.</param>
    /// <param name="Read">Its reader, given the name of the vocabulary.</param>
    private sealed record Form(IReadOnlyList<string> Names, IReadOnlyList<string> Classes, Func<SlowTokenizerFiles, string, TokenizerPipeline> Read)
    {
        /// <summary>Whether a class is among them; null is any.</summary>
        public bool Takes(string? named) => named is null || Classes.Contains(named);
    }
}
