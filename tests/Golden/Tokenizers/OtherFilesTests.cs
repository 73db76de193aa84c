using System.Text.Json.Nodes;

namespace Ml.Llm.Golden.Tests.Tokenizers;

/// <summary>Tokenizers from vocab.txt, vocab.json with merges.txt and spiece.model: they encode as the tokenizer.json beside them.</summary>
/// <remarks>
/// A few tokenizer.json hold settings that the older files have no place for: the longest word of a WordPiece model, the
/// pre-tokenizer where it is not that of the class, and added tokens that no configuration names. Where one of these differs,
/// it is taken over before texts are compared, so that all the rest is compared still.
/// </remarks>
[TestClass, TestCategory("golden-tokenizers")]
public sealed class OtherFilesTests
{
    private const string Whole = "tokenizer.json";
    private const string Model = "model";

    // What only tokenizer.json can say.
    private static readonly string[][] s_untold = [[Model, "max_input_chars_per_word"], ["pre_tokenizer"], ["added_tokens"]];

    private static readonly TokenEncodingOptions s_framed = new() { ParseSpecialTokens = true, Truncation = TruncationOptions.None, Padding = PaddingOptions.None };

    private static readonly string[] s_vocabularies = ["vocab.txt", "vocab.json", "spiece.model"];

    public static IEnumerable<object[]> Folders => GoldenFolder.List(TokenizerCases.Area, static root => Directory.EnumerateDirectories(Path.Combine(root, "models"))
        .Where(static folder => s_vocabularies.Any(name => File.Exists(Path.Combine(folder, name))))
        .Select(static folder => $"models/{Path.GetFileName(folder)}"));

    [TestMethod, DynamicData(nameof(Folders))]
    public void Vocabulary_and_merges_are_those_of_tokenizer_json(string folder)
    {
        GoldenFolder.Require(TokenizerCases.Area, folder);
        var (expected, read) = (Parse(TokenizerCases.Tokenizer(folder)), Parse(Read(folder)));
        foreach (var name in new[] { "vocab", "merges", "unk_id", "byte_fallback", "end_of_word_suffix" })
        {
            var (one, other) = (expected[Model]![name]?.ToJsonString(), read[Model]![name]?.ToJsonString());
            if (string.IsNullOrEmpty(one?.Trim('"')) && string.IsNullOrEmpty(other?.Trim('"'))) continue;
            Assert.AreEqual(one, other, name);
        }
    }

    [TestMethod, DynamicData(nameof(Folders))]
    public void Texts_give_the_ids_of_tokenizer_json(string folder)
    {
        GoldenFolder.Require(TokenizerCases.Area, folder);
        var tokenizer = WithUntold(Read(folder), Parse(TokenizerCases.Tokenizer(folder)));
        foreach (var line in TokenizerCases.Lines(folder, "expected.jsonl"))
        {
            var text = TokenizerCases.Texts[(int)line.Integer("i")];
            var encoding = tokenizer.Encode(text, s_framed);
            Assert.AreSequenceEqual(line.Ints("ids"), encoding.Ids.ToArray(), text);
            Assert.AreEqual(line.Text("decoded"), tokenizer.Decode(encoding.Ids), text);
        }

        var pairs = Path.Combine(TokenizerCases.Root, folder, "pairs.jsonl");
        if (!File.Exists(pairs)) return;
        foreach (var line in TokenizerCases.Lines(folder, "pairs.jsonl"))
        {
            var encoding = tokenizer.Encode(TokenizerCases.Texts[(int)line.Integer("a")], TokenizerCases.Texts[(int)line.Integer("b")], s_framed);
            Assert.AreSequenceEqual(line.Ints("ids"), encoding.Ids.ToArray(), $"{line}");
        }
    }

    [TestMethod, DynamicData(nameof(Folders))]
    public void Tokenizer_json_wins_where_it_is_there(string folder)
    {
        GoldenFolder.Require(TokenizerCases.Area, folder);
        var path = Path.Combine(TokenizerCases.Root, folder);
        Assert.AreEqual(LanguageModelTokenizer.FromPretrained(Path.Combine(path, Whole)).Fingerprint, LanguageModelTokenizer.FromPretrained(path).Fingerprint);
    }

    // The tokenizer of a folder as it would be without tokenizer.json; read from a real folder, as users do.
    private static LanguageModelTokenizer Read(string folder)
    {
        var copy = Directory.CreateTempSubdirectory("mlllm-other-files-");
        try
        {
            foreach (var file in Directory.EnumerateFiles(Path.Combine(TokenizerCases.Root, folder)).Where(static file => Path.GetFileName(file) != Whole))
                File.Copy(file, Path.Combine(copy.FullName, Path.GetFileName(file)));
            return LanguageModelTokenizer.FromPretrained(copy.FullName);
        }
        finally
        {
            copy.Delete(recursive: true);
        }
    }

    private static LanguageModelTokenizer WithUntold(LanguageModelTokenizer read, JsonNode expected)
    {
        var json = Parse(read);
        var changed = false;
        foreach (var path in s_untold)
        {
            var (target, source) = path.Length == 1 ? (json, expected) : (json[path[0]]!, expected[path[0]]!);
            if (JsonNode.DeepEquals(target[path[^1]], source[path[^1]])) continue;
            target[path[^1]] = source[path[^1]]!.DeepClone();
            changed = true;
        }

        if (!changed) return read;
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(json.ToJsonString()));
        return LanguageModelTokenizer.FromStream(stream);
    }

    private static JsonNode Parse(LanguageModelTokenizer tokenizer) => JsonNode.Parse(tokenizer.ToJsonBytes())!;
}
