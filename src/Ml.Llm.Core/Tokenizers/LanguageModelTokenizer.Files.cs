using System.Security.Cryptography;
using Ml.Llm.Tokenization;

namespace Ml.Llm;

public sealed partial class LanguageModelTokenizer
{
    private string? _fingerprint;

    /// <summary>The SHA-256 of <see cref="ToJsonBytes"/>, in lower-case hexadecimal: equal for equal tokenizers.</summary>
    public string Fingerprint => _fingerprint ??= Convert.ToHexStringLower(SHA256.HashData(ToJsonBytes()));

    /// <summary>Reads a tokenizer.</summary>
    /// <param name="fileOrFolder">A tokenizer.json, or the folder that holds one.</param>
    /// <remarks>
    /// Which tokens begin, end and fill texts is read from tokenizer_config.json, special_tokens_map.json and config.json
    /// beside it, in this order. What none of them says is taken from the usual names of special tokens
    /// (<c>&lt;|endoftext|&gt;</c>, <c>&lt;/s&gt;</c>, <c>&lt;pad&gt;</c> and the like).
    /// </remarks>
    /// <exception cref="ArgumentException">The path is null or empty.</exception>
    /// <exception cref="FileNotFoundException">There is no such file, or no tokenizer.json in the folder.</exception>
    /// <exception cref="ModelFormatException">A file is broken, or has a part that this library does not know.</exception>
    public static LanguageModelTokenizer FromPretrained(string fileOrFolder)
    {
        ArgumentException.ThrowIfNullOrEmpty(fileOrFolder);
        var file = Directory.Exists(fileOrFolder) ? Path.Combine(fileOrFolder, TokenizerFiles.Tokenizer) : fileOrFolder;
        if (!File.Exists(file)) throw new FileNotFoundException($"There is no tokenizer at {file}. Give a tokenizer.json or a folder that holds one.", file);
        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        return FromFiles(
            name =>
            {
                var path = name == TokenizerFiles.Tokenizer ? file : Path.Combine(folder, name);
                return File.Exists(path) ? File.ReadAllBytes(path) : null;
            },
            folder,
            file);
    }

    /// <summary>Writes tokenizer.json, as Hugging Face reads it: the same bytes on every system and culture.</summary>
    /// <param name="tokenizerJsonPath">The file to write; an existing one is replaced.</param>
    /// <exception cref="ArgumentException">The path is null or empty.</exception>
    public void Save(string tokenizerJsonPath)
    {
        ArgumentException.ThrowIfNullOrEmpty(tokenizerJsonPath);
        if (Path.GetDirectoryName(Path.GetFullPath(tokenizerJsonPath)) is { } folder) Directory.CreateDirectory(folder);
        File.WriteAllBytes(tokenizerJsonPath, ToJsonBytes());
    }

    /// <summary>
    /// Writes all files of the tokenizer, as Transformers reads them: tokenizer.json, tokenizer_config.json and
    /// special_tokens_map.json. What <see cref="FromPretrained"/> read in the two latter is kept, and a chat template with it.
    /// </summary>
    /// <param name="folder">The folder, made where it is missing; files of these names are replaced.</param>
    /// <exception cref="ArgumentException">The path is null or empty.</exception>
    public void SavePretrained(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        Directory.CreateDirectory(folder);
        foreach (var (name, content) in ToFiles()) File.WriteAllBytes(Path.Combine(folder, name), content);
    }

    /// <summary>The content of tokenizer.json, UTF-8.</summary>
    public byte[] ToJsonBytes()
    {
        var output = new JsonOutput();
        Pipeline.WriteTo(output);
        return output.ToBytes();
    }

    /// <summary>Writes tokenizer.json to a stream.</summary>
    internal void Save(Stream stream) => stream.Write(ToJsonBytes());

    /// <summary>Reads tokenizer.json alone from a stream.</summary>
    internal static LanguageModelTokenizer FromStream(Stream stream, string name = TokenizerFiles.Tokenizer)
    {
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return FromFiles(file => file == TokenizerFiles.Tokenizer ? memory.ToArray() : null, Path.GetDirectoryName(name) ?? "", name);
    }

    /// <summary>Reads a tokenizer from the files of a model, wherever they are.</summary>
    /// <param name="open">Gives the bytes of a file by its name, or null.</param>
    /// <param name="folder">What to call the place in complaints.</param>
    /// <param name="file">What to call tokenizer.json in complaints; null: by that name.</param>
    internal static LanguageModelTokenizer FromFiles(Func<string, byte[]?> open, string folder, string? file = null)
    {
        file ??= Path.Combine(folder, TokenizerFiles.Tokenizer);
        var json = open(TokenizerFiles.Tokenizer) ?? throw new ModelFormatException(file, "the file is missing; a tokenizer needs it");
        var pipeline = TokenizerJsonReader.Read(json, file);
        var beside = TokenizerFiles.Read(pipeline, open, folder);
        return new LanguageModelTokenizer(pipeline, beside.Ids, beside.MaxLength, beside);
    }

    /// <summary>
    /// The files that make a tokenizer in a model's folder: tokenizer.json, tokenizer_config.json, special_tokens_map.json,
    /// chat_template.jinja where one was read.
    /// </summary>
    /// <param name="maxLength">How many tokens the model takes; null: <see cref="MaxLength"/>.</param>
    internal IReadOnlyList<(string Name, byte[] Content)> ToFiles(int? maxLength = null) =>
        [(TokenizerFiles.Tokenizer, ToJsonBytes()), .. new TokenizerFilesWriter(this, _sideFiles, maxLength ?? MaxLength).Write()];
}
