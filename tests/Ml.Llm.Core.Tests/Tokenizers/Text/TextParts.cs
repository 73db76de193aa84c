using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Core.Tests.Tokenizers;

/// <summary>Random texts for the parts that work on text, and short ways to use these.</summary>
internal static class TextParts
{
    private static readonly string[] s_fragments =
    [
        "a", "B", "e", " ", "  ", "\t", "\r\n", "\0", "\u0001", "7", "½", "é", "É", "İ", "ẞ", "ﬀ", "\u0301", "\u0316", "\u0327", "\u302E", "\u1161", "\u11A8", "\u1100", "각",
        "漢", "\uF900", "カ", "ﾞ", "Ж", "ا", "\u200B", "\u200D", "\uFEFF", "\uFFFD", "▁", ".", "$", "-", "\U0001D49C", "\U00020000", "\U0001F600", "\U0001D165", "\uD800", "\uDC00",
    ];

    /// <summary>Texts of characters that some part treats in its own way, lone surrogates among them.</summary>
    internal static Arbitrary<string> Texts { get; } = Gen.Elements(s_fragments).ListOf().Select(static fragments => string.Concat(fragments)).ToArbitrary();

    internal static void ForAll(Func<string, bool> property) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500).WithEndSize(40), Prop.ForAll(Texts, property));

    internal static T Read<T>(string json, Func<JsonPart, T> reader) => JsonPart.Read(Encoding.UTF8.GetBytes(json), "tokenizer.json", reader);

    internal static INormalizer Normalizer(string json) => Read(json, NormalizerReader.Read);

    internal static IPreTokenizer PreTokenizer(string json) => Read(json, PreTokenizerReader.Read)!;

    internal static AlignedText Load(string text, bool keepsPlaces = true, int at = 0)
    {
        var loaded = new AlignedText();
        loaded.Load(text, at, keepsPlaces);
        return loaded;
    }

    internal static AlignedText Normalize(INormalizer normalizer, string text, bool keepsPlaces = true)
    {
        var loaded = Load(text, keepsPlaces);
        normalizer.Normalize(loaded);
        return loaded;
    }

    internal static string[] Split(IPreTokenizer preTokenizer, AlignedText text)
    {
        var pieces = new PieceList();
        pieces.Begin(0, text.Length);
        preTokenizer.Split(text, pieces);
        return [.. pieces.Items.ToArray().Select(piece => text.Units[piece.Start..piece.End].ToString())];
    }
}
