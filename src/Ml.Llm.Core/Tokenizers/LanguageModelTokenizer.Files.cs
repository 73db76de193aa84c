using System.Security.Cryptography;
using Ml.Llm.Tokenization;

namespace Ml.Llm;

public sealed partial class LanguageModelTokenizer
{
    private string? _fingerprint;

    /// <summary>The SHA-256 of <see cref="ToJsonBytes"/>, in lower-case hexadecimal: equal for equal tokenizers.</summary>
    public string Fingerprint => _fingerprint ??= Convert.ToHexStringLower(SHA256.HashData(ToJsonBytes()));

    /// <summary>Reads a tokenizer.</summary>
    /// <param name="fileOrFolder">
    /// A tokenizer.json, or the folder that holds one; or a vocabulary of another form or its folder: a SentencePiece model
    /// (spiece.model, tokenizer.model, sentencepiece.bpe.model), vocab.json with merges.txt beside it, or vocab.txt.
    /// </param>
    /// <remarks>
    /// <para>Of a folder tokenizer.json is read, if it is there. The other forms are built as Transformers' converters do, by the
    /// class that tokenizer_config.json names or config.json tells: BERT and kin from vocab.txt; GPT-2, RoBERTa, BART, CLIP, GPT-1
    /// and Qwen2 from vocab.json; T5, ALBERT, XLM-R, LLaMA and Gemma from SentencePiece. Where converted SentencePiece models give
    /// other ids than SentencePiece itself, those of the converted one come out. tiktoken's files: <see cref="FromTiktoken"/>.</para>
    /// <para>Which tokens begin, end and fill texts is read from tokenizer_config.json, special_tokens_map.json and config.json
    /// beside it, in this order. What none of them says is taken from the usual names of special tokens
    /// (<c>&lt;|endoftext|&gt;</c>, <c>&lt;/s&gt;</c>, <c>&lt;pad&gt;</c> and the like).</para>
    /// </remarks>
    /// <exception cref="ArgumentException">The path is null or empty, or is that of a file that needs more than its path.</exception>
    /// <exception cref="FileNotFoundException">There is no such file, or no tokenizer in the folder.</exception>
    /// <exception cref="ModelFormatException">A file is broken, or has a part or class that this library does not know.</exception>
    public static LanguageModelTokenizer FromPretrained(string fileOrFolder)
    {
        ArgumentException.ThrowIfNullOrEmpty(fileOrFolder);
        var isFolder = Directory.Exists(fileOrFolder);
        var file = isFolder ? Path.Combine(fileOrFolder, TokenizerFiles.Tokenizer) : fileOrFolder;
        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        var names = AdditionalChatTemplates.FilesIn(folder);
        if (!File.Exists(file))
        {
            return isFolder && OtherTokenizerFiles.ReadFolder(Open, fileOrFolder) is { } other
                ? WithSideFiles(other, Bytes, names, fileOrFolder)
                : throw new FileNotFoundException($"There is no tokenizer at {fileOrFolder}. There may be {OtherTokenizerFiles.Named}.", file);
        }

        if (Path.GetExtension(file) == TiktokenReader.Extension)
            throw new ArgumentException($"{file} holds ranks alone; FromTiktoken reads it, given the pattern and the special tokens.", nameof(fileOrFolder));
        return !isFolder && OtherTokenizerFiles.ReadFile(Open, Path.GetDirectoryName(file)!, Path.GetFileName(file)) is { } one
            ? WithSideFiles(one, Bytes, names, folder)
            : FromFiles(name => name == TokenizerFiles.Tokenizer ? File.ReadAllBytes(file) : Bytes(name), folder, file, names);

        Stream? Open(string name) => File.Exists(Path.Combine(folder, name)) ? File.OpenRead(Path.Combine(folder, name)) : null;

        byte[]? Bytes(string name) => File.Exists(Path.Combine(folder, name)) ? File.ReadAllBytes(Path.Combine(folder, name)) : null;
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
    /// special_tokens_map.json. What <see cref="FromPretrained"/> read in the two latter is kept, and the chat templates with it:
    /// chat_template.jinja and those in additional_chat_templates.
    /// </summary>
    /// <param name="folder">The folder, made where it is missing; files of these names are replaced.</param>
    /// <exception cref="ArgumentException">The path is null or empty.</exception>
    public void SavePretrained(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        Directory.CreateDirectory(folder);
        foreach (var (name, content) in ToFiles())
        {
            var path = Path.Combine(folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, content);
        }
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
    /// <param name="names">The names of all files, '/' between folder and file, since those of chat templates are free; null: there are none in folders.</param>
    internal static LanguageModelTokenizer FromFiles(Func<string, byte[]?> open, string folder, string? file = null, IEnumerable<string>? names = null)
    {
        names ??= [];
        file ??= Path.Combine(folder, TokenizerFiles.Tokenizer);
        if (open(TokenizerFiles.Tokenizer) is { } json) return WithSideFiles(TokenizerJsonReader.Read(json, file), open, names, folder);
        var other = OtherTokenizerFiles.ReadFolder(name => open(name) is { } bytes ? new MemoryStream(bytes, writable: false) : null, folder)
            ?? throw new ModelFormatException(file, $"the file is missing; a tokenizer needs it, or in its place one of these: {OtherTokenizerFiles.Named}");
        return WithSideFiles(other, open, names, folder);
    }

    private static LanguageModelTokenizer WithSideFiles(TokenizerPipeline pipeline, Func<string, byte[]?> open, IEnumerable<string> names, string folder)
    {
        var beside = TokenizerFiles.Read(pipeline, open, names, folder);
        return new LanguageModelTokenizer(pipeline, beside.Ids, beside.MaxLength, beside);
    }

    /// <summary>
    /// The files that make a tokenizer in a model's folder: tokenizer.json, tokenizer_config.json, special_tokens_map.json, and
    /// chat_template.jinja and additional_chat_templates/NAME.jinja where they were read.
    /// </summary>
    /// <param name="maxLength">How many tokens the model takes; null: <see cref="MaxLength"/>.</param>
    internal IReadOnlyList<(string Name, byte[] Content)> ToFiles(int? maxLength = null) =>
        [(TokenizerFiles.Tokenizer, ToJsonBytes()), .. new TokenizerFilesWriter(this, _sideFiles, maxLength ?? MaxLength).Write()];
}
