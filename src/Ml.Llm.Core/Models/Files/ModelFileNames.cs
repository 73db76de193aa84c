using System.Text.RegularExpressions;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Models;

/// <summary>The names of the files of a model in Hugging Face's form.</summary>
internal static partial class ModelFileNames
{
    internal const string Config = "config.json";
    internal const string GenerationConfig = "generation_config.json";
    internal const string Weights = "model.safetensors";
    internal const string ShardIndex = "model.safetensors.index.json";
    internal const string Tokenizer = "tokenizer.json";

    /// <summary>Weights in Python's own serialization, which runs code when read and is never read here.</summary>
    internal static readonly string[] Pickles = ["pytorch_model.bin", "pytorch_model.bin.index.json", "model.pt", "model.pth", "consolidated.00.pth"];

    // Files and folders that would contradict a newly saved model if they stayed beside it.
    private static readonly string[] Replaced =
    [
        Config, GenerationConfig, Weights, ShardIndex, Tokenizer, "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
        "vocab.json", "merges.txt", "vocab.txt", "tokenizer.model", ChatTemplateSet.FileName, AdditionalChatTemplates.Folder,
    ];

    /// <summary>Whether saving a model replaces a file or folder of this name, or takes it away.</summary>
    internal static bool IsReplaced(string name) => Replaced.Contains(name, StringComparer.Ordinal) || Shard().IsMatch(name);

    [GeneratedRegex(@"^model-[0-9]+-of-[0-9]+\.safetensors$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Shard();
}
