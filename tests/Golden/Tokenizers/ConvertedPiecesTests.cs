using System.Text.Json.Nodes;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Golden.Tests.Tokenizers;

/// <summary>Tokenizers of SentencePiece's BPE that have no model file among the cases: one with the same pieces, best first, gives the same ids.</summary>
[TestClass, TestCategory("golden-tokenizers")]
public sealed class ConvertedPiecesTests
{
    private const string FirstByte = "<0x00>";

    public static IEnumerable<object[]> Folders => GoldenFolder.List(TokenizerCases.Area, static root => Directory.EnumerateDirectories(Path.Combine(root, "models"))
        .Where(static folder => !File.Exists(Path.Combine(folder, "spiece.model")) && SentencePieceFiles.Classes.Contains(SettingsOf(folder).Class))
        .Where(static folder => Parse(folder)["model"]!["vocab"] is JsonObject vocabulary && vocabulary.ContainsKey(FirstByte))
        .Select(static folder => $"models/{Path.GetFileName(folder)}"));

    [TestMethod, DynamicData(nameof(Folders))]
    public void The_class_of_the_configuration_makes_the_tokenizer_of_the_pieces(string folder)
    {
        GoldenFolder.Require(TokenizerCases.Area, folder);
        var path = Path.Combine(TokenizerCases.Root, folder);
        var json = Parse(path);
        var scores = new Dictionary<string, float>(StringComparer.Ordinal);
        foreach (var merge in json["model"]!["merges"]!.AsArray()) scores.TryAdd($"{merge![0]}{merge[1]}", -scores.Count);
        var added = json["added_tokens"]!.AsArray().ToDictionary(static token => token!["content"]!.GetValue<string>(), static token => token!["special"]!.GetValue<bool>());
        var pieces = json["model"]!["vocab"]!.AsObject().OrderBy(static field => field.Value!.GetValue<int>()).Select(field =>
            new SentencePiece(field.Key, scores.GetValueOrDefault(field.Key, -scores.Count), TypeOf(field.Key, added))).ToList();
        var model = new SentencePieceFile { Pieces = pieces, IsBytePair = true, UnknownId = pieces.FindIndex(static piece => piece.Type == SentencePieceType.Unknown) };
        var files = new SlowTokenizerFiles(static _ => null, path, SettingsOf(path));
        var tokenizer = new LanguageModelTokenizer(SentencePieceFiles.Build(model, files, path), new SpecialTokenIds());
        foreach (var line in TokenizerCases.Lines(folder, "expected.jsonl"))
        {
            var text = TokenizerCases.Texts[(int)line.Integer("i")];
            var encoding = tokenizer.Encode(text, new() { ParseSpecialTokens = true });
            Assert.AreSequenceEqual(line.Ints("ids"), encoding.Ids.ToArray(), text);
            Assert.AreEqual(line.Text("decoded"), tokenizer.Decode(encoding.Ids), text);
        }
    }

    private static SentencePieceType TypeOf(string piece, Dictionary<string, bool> added) =>
        piece == "<unk>" ? SentencePieceType.Unknown
        : added.TryGetValue(piece, out var special) ? special ? SentencePieceType.Control : SentencePieceType.UserDefined
        : piece.StartsWith("<0x", StringComparison.Ordinal) ? SentencePieceType.Byte
        : SentencePieceType.Normal;

    private static TokenizerSettings SettingsOf(string folder) =>
        TokenizerSettings.Read(name => File.Exists(Path.Combine(folder, name)) ? File.ReadAllBytes(Path.Combine(folder, name)) : null, folder);

    private static JsonNode Parse(string folder) => JsonNode.Parse(File.ReadAllBytes(Path.Combine(folder, "tokenizer.json")))!;
}
