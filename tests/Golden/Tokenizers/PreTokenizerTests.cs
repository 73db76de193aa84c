using System.Text;
using System.Text.Json;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Golden.Tests;

/// <summary>parts/pre_tokenizers.jsonl: the pieces of each pre-tokenizer alone, and where they lie in the text.</summary>
[TestClass, TestCategory("golden-tokenizers")]
public sealed class PreTokenizerTests
{
    private const string FileName = "parts/pre_tokenizers.jsonl";

    public static IEnumerable<object[]> Cases => JsonLines.Names(TokenizerTexts.Area, FileName);

    [TestMethod, DynamicData(nameof(Cases))]
    public void Texts_are_split_as_the_peer_does(string name)
    {
        GoldenFolder.Require(TokenizerTexts.Area, name);
        var row = JsonLines.Find(TokenizerTexts.Area, FileName, name);
        var preTokenizer = TokenizerTexts.Read(row.Get("config"), PreTokenizerReader.Read)!;
        var expected = row.Items("out");
        var numbers = NumbersOf(row.Get("texts"));
        Assert.HasCount(expected.Count, numbers);
        for (var k = 0; k < numbers.Length; k++)
        {
            var original = TokenizerTexts.All[numbers[k]];
            var text = new AlignedText();
            text.Load(original, 0, keepsPlaces: true);
            var got = Split(preTokenizer, text).Select(piece =>
                (text.Units[piece.Start..piece.End].ToString(), CodePoints(original, text.StartOf(piece.Start)), CodePoints(original, text.EndOf(piece.End - 1))));
            var pieces = expected[k].EnumerateArray().Select(static item => (item[0].GetString()!, item[1].GetInt32(), item[2].GetInt32()));
            Assert.AreSequenceEqual(pieces.ToArray(), got.ToArray(), $"text {numbers[k]}");

            // Without places the pieces are the same.
            var alone = new AlignedText();
            alone.Load(original, 0, keepsPlaces: false);
            var texts = Split(preTokenizer, alone).Select(piece => alone.Units[piece.Start..piece.End].ToString());
            Assert.AreSequenceEqual(expected[k].EnumerateArray().Select(static item => item[0].GetString()!).ToArray(), texts.ToArray(), $"text {numbers[k]}, without places");
        }
    }

    [TestMethod, DynamicData(nameof(Cases))]
    public void A_pre_tokenizer_is_written_as_it_was_read(string name)
    {
        GoldenFolder.Require(TokenizerTexts.Area, name);
        var config = JsonLines.Find(TokenizerTexts.Area, FileName, name).Get("config");
        TokenizerTexts.AssertWritesBack(config, TokenizerTexts.Read(config, PreTokenizerReader.Read)!);
    }

    private static int[] NumbersOf(JsonElement texts) => texts.ValueKind == JsonValueKind.String
        ? [.. TokenizerTexts.All.Keys.Order()]
        : [.. texts.EnumerateArray().Select(static number => number.GetInt32())];

    private static (int Start, int End)[] Split(IPreTokenizer preTokenizer, AlignedText text)
    {
        var pieces = new PieceList();
        pieces.Begin(0, text.Length);
        preTokenizer.Split(text, pieces);
        return pieces.Items.ToArray();
    }

    private static int CodePoints(string text, int units)
    {
        var count = 0;
        foreach (var _ in text.AsSpan(0, units).EnumerateRunes())
            count++;
        return count;
    }
}
