using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ml.Llm.Bench.Training;

/// <summary>A tokenizer of a given size for data that is ids already: the 256 bytes, the end of text, and names without merges.</summary>
internal static class IdTokenizer
{
    private const string EndOfText = "<|endoftext|>";

    internal static LanguageModelTokenizer Of(int vocabularySize)
    {
        var vocabulary = new JsonObject();
        foreach (var character in ByteCharacters())
            vocabulary[character.ToString()] = vocabulary.Count;
        vocabulary[EndOfText] = vocabulary.Count;
        var end = vocabulary.Count - 1;
        while (vocabulary.Count < vocabularySize)
            vocabulary[$"<{vocabulary.Count}>"] = vocabulary.Count;
        var tokenizer = new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray(new JsonObject
            {
                ["id"] = end, ["content"] = EndOfText, ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false, ["normalized"] = false, ["special"] = true,
            }),
            ["normalizer"] = null,
            ["pre_tokenizer"] = ByteLevel(),
            ["post_processor"] = null,
            ["decoder"] = ByteLevel(),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE", ["dropout"] = null, ["unk_token"] = null, ["continuing_subword_prefix"] = null, ["end_of_word_suffix"] = null,
                ["fuse_unk"] = false, ["byte_fallback"] = false, ["ignore_merges"] = false, ["vocab"] = vocabulary, ["merges"] = new JsonArray(),
            },
        };
        var folder = Directory.CreateTempSubdirectory("mlllm-bench");
        try
        {
            var file = Path.Combine(folder.FullName, "tokenizer.json");
            File.WriteAllText(file, tokenizer.ToJsonString(new JsonSerializerOptions()));
            return LanguageModelTokenizer.FromPretrained(file);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static JsonObject ByteLevel() => new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = true };

    // The characters by which byte-level tokenizers write bytes: printable ones stand for themselves, the others from U+0100 on.
    private static IEnumerable<char> ByteCharacters()
    {
        var next = 256;
        for (var value = 0; value < 256; value++)
        {
            var printable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            yield return (char)(printable ? value : next++);
        }
    }
}
