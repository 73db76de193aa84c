using System.Buffers;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Ml.Llm.Core.Tests.Tokenizers;

[TestClass]
public sealed class RoundTripTests
{
    private static readonly string[] s_fragments =
    [
        "the", " the", "value", "Größe", "ß", "日本", "語", "𝒜", "😀", "e\u0301", " ", "  ", "\n", "\t", "'s", "12", "0", "<|endoftext|>", "<|", "|>", "\u0000", "\uFFFD", "x", "Q", "¡",
    ];

    private static readonly Arbitrary<string> s_texts = Gen.OneOf(
        Gen.Elements(s_fragments).ListOf().Select(fragments => string.Concat(fragments)),
        Gen.Choose(0, 0x10FFFF).Where(Rune.IsValid).ListOf().Select(values => string.Concat(values.Select(value => new Rune(value).ToString())))).ToArbitrary();

    private static LanguageModelTokenizer Tokenizer => SmallTokenizer.Trained;

    [TestMethod]
    public void Decoding_gives_back_any_text_that_was_encoded() => ForAll(text =>
        Tokenizer.Decode(Tokenizer.EncodeToIds(text)) == text);

    [TestMethod]
    public void All_ways_to_encode_give_the_same_ids() => ForAll(text =>
    {
        var ids = Tokenizer.EncodeToIds(text);
        var into = new List<int>();
        Tokenizer.EncodeInto(text, into);
        return ids.SequenceEqual(into)
            && ids.SequenceEqual(Tokenizer.EncodeToIds(text.AsSpan()))
            && ids.SequenceEqual(Tokenizer.EncodeToTokens(text, out _).Select(token => token.Id))
            && ids.SequenceEqual(Tokenizer.Encode(text).Ids)
            && ids.Count == Tokenizer.CountTokens(text);
    });

    [TestMethod]
    public void Offsets_cover_the_text_without_gaps() => ForAll(text =>
    {
        var reached = 0;
        foreach (var token in Tokenizer.EncodeToTokens(text, out _))
        {
            if (token.Offset.Start.Value > reached || token.Offset.End.Value < reached) return false;
            reached = token.Offset.End.Value;
        }

        return reached == text.Length;
    });

    [TestMethod]
    public void A_limit_on_tokens_gives_the_longest_start_of_whole_characters() => ForAll(text =>
    {
        var all = Tokenizer.EncodeToIds(text);
        for (var most = 0; most <= all.Count + 1; most++)
        {
            var ids = Tokenizer.EncodeToIds(text, most, out _, out var consumed);
            if (ids.Count > most || !ids.SequenceEqual(all.Take(ids.Count)) || Tokenizer.Decode(ids) != text[..consumed]) return false;
            if (most >= all.Count && consumed != text.Length) return false;
            if (Tokenizer.GetIndexByTokenCount(text, most, out _, out var count) != consumed || count != ids.Count) return false;
        }

        return true;
    });

    [TestMethod]
    public void A_space_put_before_the_text_is_in_no_count_of_its_characters()
    {
        var tokenizer = SmallTokenizer.Train(new() { VocabularySize = 300, AddPrefixSpace = true });
        ForAll(text =>
        {
            var all = tokenizer.EncodeToIds(text);
            var space = text.Length == 0 || text[0] == ' ' ? "" : " ";
            if (tokenizer.Decode(all) != space + text) return false;
            for (var most = 0; most < all.Count; most++)
            {
                var ids = tokenizer.EncodeToIds(text, most, out _, out var consumed);
                if (ids.Count > most || tokenizer.Decode(ids) != (ids.Count == 0 ? "" : space + text[..consumed])) return false;
            }

            return true;
        });
    }

    [TestMethod]
    public void Decoding_into_little_room_stops_between_characters_and_can_go_on() => ForAll(text =>
    {
        var ids = Tokenizer.EncodeToIds(text).ToArray();
        var room = new char[Math.Max(24, text.Length / 3)];
        var result = new StringBuilder();
        for (var position = 0; position < ids.Length;)
        {
            var status = Tokenizer.Decode(ids.Skip(position), room, out var consumed, out var written);
            if (consumed == 0) return status == OperationStatus.DestinationTooSmall && ids.Length > 24;
            if ((status == OperationStatus.Done) != (position + consumed == ids.Length)) return false;
            result.Append(room.AsSpan(0, written));
            position += consumed;
        }

        return result.ToString() == text;
    });

    [TestMethod]
    public void A_stream_gives_the_same_text_and_never_half_a_character() => ForAll(text =>
    {
        var decoder = new StreamingDecoder(Tokenizer);
        var pieces = Tokenizer.EncodeToIds(text).Select(decoder.Append).ToList();
        return pieces.TrueForAll(piece => !piece.EndsWith('\uFFFD')) && string.Concat(pieces) + decoder.Flush() == text;
    });

    [TestMethod]
    public void A_lone_surrogate_is_encoded_as_the_replacement_character()
    {
        foreach (var text in new[] { "a\uD800b", "\uDC00", "x \uD83D" })
        {
            var ids = Tokenizer.EncodeToIds(text);
            Assert.AreEqual(text.Replace('\uD800', '\uFFFD').Replace('\uDC00', '\uFFFD').Replace('\uD83D', '\uFFFD'), Tokenizer.Decode(ids));
            Assert.AreEqual(text.Length, Tokenizer.EncodeToTokens(text, out _)[^1].Offset.End.Value);
        }
    }

    [TestMethod]
    public void Special_text_is_text_unless_it_is_asked_for()
    {
        var end = Tokenizer.SpecialTokens.Eos!.Value;
        const string Text = "the end<|endoftext|>";
        Assert.DoesNotContain(end, Tokenizer.EncodeToIds(Text));
        Assert.DoesNotContain(end, Tokenizer.Encode(Text).Ids);
        Assert.AreEqual(end, Tokenizer.Encode(Text, new() { ParseSpecialTokens = true }).Ids[^1]);
        Assert.AreEqual("the end", Tokenizer.Decode([.. Tokenizer.EncodeToIds("the end"), end], skipSpecialTokens: true));
    }

    [TestMethod]
    public void A_giant_word_is_encoded_in_time_and_comes_back()
    {
        var text = string.Concat(Enumerable.Repeat("größenthe", 200_000));
        Assert.AreEqual(text, Tokenizer.Decode(Tokenizer.EncodeToIds(text)));
    }

    [TestMethod]
    public void Threads_share_a_tokenizer()
    {
        var expected = SmallTokenizer.Texts.Select(text => Tokenizer.EncodeToIds(text).ToArray()).ToArray();
        var fresh = SmallTokenizer.Train(new BytePairEncodingOptions { VocabularySize = 400 });
        Parallel.For(0, 200, i =>
        {
            var text = i % expected.Length;
            Assert.AreSequenceEqual(expected[text], fresh.EncodeToIds(SmallTokenizer.Texts[text]).ToArray());
        });
    }

    private static void ForAll(Func<string, bool> property) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(400).WithEndSize(60), Prop.ForAll(s_texts, property));
}
