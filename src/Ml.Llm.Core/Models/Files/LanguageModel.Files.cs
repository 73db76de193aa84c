using System.Text;
using Microsoft.ML.Tokenizers;
using Ml.Llm.Checkpoints;
using Ml.Llm.Models;
using Ml.Llm.Tokenization;
using static TorchSharp.torch;

namespace Ml.Llm;

public sealed partial class LanguageModel
{
    private static readonly Dictionary<string, string> Metadata = new() { ["format"] = "pt" };

    // generation_config.json as the model came with it, or null.
    private byte[]? generationConfig;

    /// <summary>The tokens at which generation ends: generation_config.json's where the model came with one, else the configuration's.</summary>
    internal IReadOnlyList<int> EndTokenIds { get; private init; }

    /// <summary>Reads a model from a Hugging Face folder: config.json, weights as safetensors in one file or several, and tokenizer.json if there is one.</summary>
    /// <param name="path">The folder. Nothing is downloaded.</param>
    /// <returns>The model. Weights of 16 bits are widened to fp32.</returns>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="ModelFormatException">
    /// A file is missing, broken or of a kind that is not read (pickles never are, GGUF files not yet); the message names it and what is wrong.
    /// </exception>
    /// <exception cref="EngineNotFoundException">No engine package is installed.</exception>
    public static LanguageModel FromPretrained(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (File.Exists(path))
        {
            throw new ModelFormatException(path, Path.GetExtension(path).ToUpperInvariant() switch
            {
                ".GGUF" => "GGUF files are not supported yet. Give a Hugging Face folder with config.json and model.safetensors.",
                ".ZIP" => "this is a zip. Load it with mlContext.Model.Load.",
                ".BIN" or ".PT" or ".PTH" or ".CKPT" => "this is a pickle, which can run code and is never read. Convert it to model.safetensors first, with Hugging Face's tools.",
                _ => "this is a file. Give the folder that holds config.json.",
            });
        }

        if (!Directory.Exists(path))
            throw new DirectoryNotFoundException($"There is no model folder at {path}.");
        return ReadFolder(path, ModelFileNames.Config);
    }

    /// <summary>
    /// Writes the model as a Hugging Face folder: config.json, generation_config.json, model.safetensors in fp32, and the tokenizer's
    /// files. Whole or not at all: it is written aside, then renamed. The bytes are the same on every system and culture.
    /// </summary>
    /// <param name="folder">The folder to make or replace. Files in it that belong to no model stay.</param>
    /// <exception cref="NotSupportedException">The tokenizer is not a <see cref="LanguageModelTokenizer"/> and its files were not given, so they cannot be written; the message names its type and the way out.</exception>
    /// <exception cref="IOException">The folder cannot be written; what was there is unchanged.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written; what was there is unchanged.</exception>
    public void SaveHuggingFace(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        CheckTokenizer();
        ModelFolder.Write(folder, WriteFiles);
    }

    /// <summary>Writes the files of <see cref="SaveHuggingFace"/> wherever the caller wants them, the weights last.</summary>
    /// <param name="file">Called with each file's name and what writes its content.</param>
    /// <exception cref="NotSupportedException">The tokenizer is not a <see cref="LanguageModelTokenizer"/>.</exception>
    internal void WriteFiles(Action<string, Action<Stream>> file)
    {
        CheckTokenizer();
        file(ModelFileNames.Config, stream => stream.Write(Encoding.UTF8.GetBytes(Config.ToJson())));
        file(ModelFileNames.GenerationConfig, stream => stream.Write(generationConfig ?? Encoding.UTF8.GetBytes(GenerationConfigFile.Write(Config))));
        if (FileTokenizer is { } ours)
        {
            foreach (var (name, content) in ours.ToFiles(ours.MaxLength ?? Config.MaxPositionEmbeddings))
                file(name, stream => stream.Write(content));
        }

        file(ModelFileNames.Weights, stream =>
        {
            using var scope = NewDisposeScope();
            SafetensorsWriter.Write(stream, ModelTensors.Values(Config, Network), Metadata);
        });
    }

    /// <summary>Reads a model from files wherever they are.</summary>
    /// <param name="open">Gives a file by its name, or null where there is none. The weights' stream must seek. Each stream is disposed.</param>
    /// <param name="names">The names of all files, '/' between folder and file: those of the tokenizer's chat templates are free.</param>
    /// <param name="displayName">What to call the place in messages.</param>
    /// <exception cref="ModelFormatException">A file is missing or broken.</exception>
    internal static LanguageModel ReadFiles(Func<string, Stream?> open, IEnumerable<string> names, string displayName)
    {
        var configFile = Path.Combine(displayName, ModelFileNames.Config);
        var config = ModelConfig.FromJson(
            Read(ModelFileNames.Config) ?? throw new ModelFormatException(configFile, "the file is missing; a model needs it."),
            configFile);
        var generation = Read(ModelFileNames.GenerationConfig);
        var endTokens = generation is null ? null : GenerationConfigFile.ReadEndTokens(generation, Path.Combine(displayName, ModelFileNames.GenerationConfig));
        var hasTokenizer = OtherTokenizerFiles.Vocabularies.Prepend(ModelFileNames.Tokenizer).Any(name => HasFile(open, name));
        var tokenizer = hasTokenizer ? LanguageModelTokenizer.FromFiles(Read, displayName, names: names) : null;
        using var weights = WeightFiles.Open(config, open, displayName);
        var network = new DecoderModel(config.ToShape());
        try
        {
            weights.Load(network);
            return new LanguageModel(config, tokenizer, network) { generationConfig = generation, EndTokenIds = endTokens ?? config.EosTokenIds };
        }
        catch
        {
            network.Dispose();
            throw;
        }

        byte[]? Read(string name) => open(name)?.ReadToEnd(Path.Combine(displayName, name));
    }

    /// <summary>Reads a folder whose configuration lies in a file of another name.</summary>
    internal static LanguageModel ReadFolder(string folder, string configFile)
    {
        return ReadFiles(Open, AdditionalChatTemplates.FilesIn(folder), folder);

        Stream? Open(string name)
        {
            var path = Path.Combine(folder, name == ModelFileNames.Config ? configFile : name);
            try
            {
                return File.Exists(path) ? new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read) : null;
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw new ModelFormatException(path, $"the file cannot be read ({failure.Message}).", failure);
            }
        }
    }

    private static bool HasFile(Func<string, Stream?> open, string name)
    {
        using var stream = open(name);
        return stream is not null;
    }

    private void CheckTokenizer()
    {
        if (Tokenizer is not null && FileTokenizer is null)
            throw PlainEncoding.NotSaved(Tokenizer, "A model", "; or train with CausalLanguageModelOptions.TokenizerFiles, which are saved in its place");
    }
}
