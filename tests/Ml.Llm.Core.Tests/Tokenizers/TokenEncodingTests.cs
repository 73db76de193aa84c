using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.ML.Tokenizers;

namespace Ml.Llm.Core.Tests.Tokenizers;

[TestClass]
public sealed class TokenEncodingTests
{
    private static readonly Gen<string> s_text = Gen.Elements("the", " dog", "Größe", "日本", "😀", "𝒜", " ", "\n", "x", "12", "<|endoftext|>", "[SEP]", "e\u0301")
        .ListOf().Select(fragments => string.Concat(fragments));

    private static LanguageModelTokenizer Framed => FramedTokenizer.OfTemplate;

    [TestMethod]
    public void Encoding_in_parallel_equals_one_by_one()
    {
        var options = new TokenEncodingOptions { Truncation = new() { MaxLength = 9, Stride = 2 }, Padding = new() { Length = 12, PadId = 0 } };
        ForAll(s_text.ArrayOf().ToArbitrary(), texts =>
        {
            var batch = Framed.EncodeBatch(texts, options, threads: 4);
            var pairs = Framed.EncodeBatch(texts.Select((text, i) => (text, texts[^(i + 1)])).ToArray(), options, threads: 4);
            var words = Framed.EncodeWordsBatch(texts.Select(text => (IReadOnlyList<string>)text.Split(' ')).ToArray(), options, threads: 4);
            return batch.Count == texts.Length && texts.Select((text, i) => (text, i)).All(item =>
                AreEqual(Framed.Encode(item.text, options), batch[item.i])
                && AreEqual(Framed.Encode(item.text, texts[^(item.i + 1)], options), pairs[item.i])
                && AreEqual(Framed.EncodeWords(item.text.Split(' '), options), words[item.i]));
        });
    }

    [TestMethod]
    public void Windows_without_stride_joined_give_the_whole_text()
    {
        var plain = new TokenEncodingOptions { AddSpecialTokens = false };
        ForAll(s_text.ToArbitrary(), text => new[] { TruncationDirection.Right, TruncationDirection.Left }.All(direction =>
        {
            var whole = Framed.Encode(text, plain);
            var cut = Framed.Encode(text, plain with { Truncation = new() { MaxLength = 3, Direction = direction } });
            var windows = new[] { cut }.Concat(cut.Overflowing);
            if (direction == TruncationDirection.Left) windows = windows.Reverse();
            return windows.SelectMany(window => window.Ids).SequenceEqual(whole.Ids) && windows.All(window => window.Ids.Count <= 3);
        }));
    }

    [TestMethod]
    public void Windows_with_a_stride_share_so_many_tokens()
    {
        ForAll(s_text.ToArbitrary(), text =>
        {
            var cut = Framed.Encode(text, new TokenEncodingOptions { Truncation = new() { MaxLength = 7, Stride = 2 } });
            var windows = new[] { cut }.Concat(cut.Overflowing).Select(window => window.Ids.Skip(1).SkipLast(1).ToArray()).ToList();
            return windows.Zip(windows.Skip(1)).All(pair => pair.First.TakeLast(2).SequenceEqual(pair.Second.Take(2)) && pair.First.Length == 5);
        });
    }

    [TestMethod]
    public void What_overflows_from_a_pair_is_each_window_of_the_one_with_each_of_the_other()
    {
        var options = new TokenEncodingOptions { AddSpecialTokens = false, Truncation = new() { MaxLength = 4 } };
        var (first, second) = ("aabbccdd", "eeffgghhii");
        var cut = Framed.Encode(first, second, options);
        var windows = Windows(first, cut.SequenceIds.Count(id => id == 0)).SelectMany(
            one => Windows(second, cut.SequenceIds.Count(id => id == 1)).Select(other => string.Join(' ', one.Concat(other)))).ToHashSet();

        var made = cut.Overflowing.Prepend(cut).Select(encoding => string.Join(' ', encoding.Ids)).ToList();

        Assert.HasCount(windows.Count, made);
        Assert.IsTrue(windows.SetEquals(made));

        IEnumerable<int[]> Windows(string text, int size) =>
            Framed.Encode(text, new TokenEncodingOptions { AddSpecialTokens = false }).Ids.Chunk(size);
    }

    [TestMethod]
    public void A_limit_on_tokens_counts_those_that_are_added()
    {
        Tokenizer tokenizer = Framed;
        ForAll(s_text.ToArbitrary(), text =>
        {
            var all = tokenizer.EncodeToIds(text);
            for (var most = 0; most <= all.Count + 1; most++)
            {
                var ids = tokenizer.EncodeToIds(text, most, out var normalized, out var consumed);
                if (normalized is not null || ids.Count > most || (most >= 2) != (ids.Count >= 2)) return false;
                if (most >= 2 && !(ids[0] == 400 && ids[^1] == 401 && ids.Skip(1).SkipLast(1).SequenceEqual(all.Skip(1).Take(ids.Count - 2)))) return false;
                if (tokenizer.GetIndexByTokenCount(text, most, out _, out var count) != consumed || count != ids.Count) return false;
                var start = tokenizer.GetIndexByTokenCountFromEnd(text, most, out _, out var fromEnd);
                if (fromEnd > most || !Tail(all, fromEnd).SequenceEqual(Plain(text[start..]).TakeLast(Math.Max(fromEnd - 2, 0)))) return false;
                if (most >= all.Count && (start != 0 || consumed != text.Length)) return false;
            }

            return all.Count == tokenizer.CountTokens(text);
        });
    }

    [TestMethod]
    public void Padding_fills_to_the_longest_of_the_batch_and_to_a_multiple()
    {
        var options = new TokenEncodingOptions { Padding = new() { PadToMultipleOf = 8, PadId = 7, PadTypeId = 3, Direction = PaddingDirection.Left } };
        var batch = Framed.EncodeBatch(["The dog", "", "The quick brown fox jumps over"], options);
        Assert.AreEqual(0, batch[2].Ids.Count % 8);
        foreach (var encoding in batch)
        {
            Assert.HasCount(batch[2].Ids.Count, encoding.Ids);
            Assert.AreSequenceEqual(encoding.Ids.Select((id, i) => encoding.AttentionMask[i] == 0 ? 7 : id).ToArray(), encoding.Ids.ToArray());
            Assert.AreSequenceEqual(encoding.AttentionMask.Order().ToArray(), encoding.AttentionMask.ToArray());
        }

        Assert.AreEqual(2, batch[1].AttentionMask.Sum());
        Assert.AreEqual(3, batch[1].TypeIds[0]);
        Assert.IsTrue(batch[1].IsSpecial[0]);
        Assert.IsNull(batch[1].Words[0]);
        Assert.IsNull(batch[1].SequenceIds[0]);
    }

    [TestMethod]
    public void Truncation_and_padding_of_the_file_hold_unless_told_otherwise()
    {
        var json = System.Text.Encoding.UTF8.GetString(Framed.ToJsonBytes())
            .Replace(
                """:null,"padding":null""",
                """:{"direction":"Left","max_length":4,"strategy":"LongestFirst","stride":1},"padding":{"strategy":{"Fixed":6},"direction":"Right","pad_to_multiple_of":null,"pad_id":5,"pad_type_id":0,"pad_token":"#"}""",
                StringComparison.Ordinal);
        var tokenizer = FramedTokenizer.Read(json);
        Assert.AreEqual(json, System.Text.Encoding.UTF8.GetString(tokenizer.ToJsonBytes()));
        var encoding = tokenizer.Encode("The quick brown fox");
        Assert.HasCount(6, encoding.Ids);
        Assert.AreSequenceEqual((int[])[401, 5, 5], encoding.Ids.TakeLast(3).ToArray());
        Assert.IsNotEmpty(encoding.Overflowing);
        var whole = tokenizer.Encode("The quick brown fox", new() { Truncation = TruncationOptions.None, Padding = PaddingOptions.None });
        Assert.IsTrue(AreEqual(Framed.Encode("The quick brown fox"), whole));
        Assert.AreSequenceEqual(Framed.EncodeToIds("The quick brown fox").ToArray(), tokenizer.EncodeToIds("The quick brown fox").ToArray());
    }

    [TestMethod]
    public void What_cannot_be_cut_or_padded_is_refused()
    {
        const string Long = "The quick brown fox jumps over the lazy dog";
        Refused(new() { MaxLength = 1 }, "2 special tokens");
        Refused(new() { MaxLength = 4, Stride = 2 }, "stride");
        Refused(new() { MaxLength = 4, Strategy = TruncationStrategy.OnlySecond }, "no second");
        Assert.Contains("too short", Assert.Throws<ArgumentException>(
            () => Framed.Encode("a", Long, new() { Truncation = new() { MaxLength = 6, Strategy = TruncationStrategy.OnlyFirst } })).Message);
        Assert.Contains("PadId", Assert.Throws<ArgumentException>(() => Framed.Encode("a", new() { Padding = new() })).Message);
        Assert.Throws<ArgumentException>(() => Framed.EncodeWords(["a", null!]));
        Assert.Throws<ArgumentException>(() => Framed.EncodeBatch(["a", null!]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Framed.EncodeBatch(["a"], threads: 0));
        Assert.Throws<OperationCanceledException>(() => Framed.EncodeBatch(["a", "b"], cancellationToken: new CancellationToken(canceled: true)));

        static void Refused(TruncationOptions truncation, string named) =>
            Assert.Contains(named, Assert.Throws<ArgumentException>(() => Framed.Encode(Long, new() { Truncation = truncation })).Message);
    }

    [TestMethod]
    public void Options_out_of_their_range_are_refused_by_name()
    {
        foreach (var (options, name) in new (TokenEncodingOptions, string)[]
        {
            (new() { Truncation = new() { MaxLength = -1 } }, "MaxLength"),
            (new() { Truncation = new() { Stride = -1 } }, "Stride"),
            (new() { Truncation = new() { Strategy = (TruncationStrategy)9 } }, "Strategy"),
            (new() { Truncation = new() { Direction = (TruncationDirection)9 } }, "Direction"),
            (new() { Padding = new() { Length = -1 } }, "Length"),
            (new() { Padding = new() { PadToMultipleOf = -1 } }, "PadToMultipleOf"),
            (new() { Padding = new() { PadId = -1 } }, "PadId"),
            (new() { Padding = new() { PadTypeId = -1 } }, "PadTypeId"),
            (new() { Padding = new() { Direction = (PaddingDirection)9 } }, "Direction"),
        })
        {
            Assert.AreEqual(name, Assert.Throws<ArgumentException>(() => Framed.Encode("a", options)).ParamName);
        }
    }

    [TestMethod]
    public void Windows_that_overlap_are_made_only_when_asked_for()
    {
        var text = string.Concat(Enumerable.Repeat("The dog. ", 30_000));
        var cut = Framed.Encode(text, new() { Truncation = new() { MaxLength = 2002, Stride = 1999 } });
        var tokens = Framed.Encode(text).Ids.Count;
        Assert.HasCount(2002, cut.Ids);
        Assert.IsGreaterThan(tokens / 2, cut.Overflowing.Count + tokens);
        Assert.AreSequenceEqual(cut.Ids.Skip(2).Take(1998).ToArray(), cut.Overflowing[0].Ids.Skip(1).Take(1998).ToArray());
        Assert.AreEqual(text.Length, cut.Overflowing[^1].Offsets[^3]);
    }

    [TestMethod]
    public void Words_that_are_remembered_have_the_tokens_and_places_of_new_ones()
    {
        string[] fragments = ["Hello", "hello", "H", "he", "llo", "world", "lo", "aaa", "aa", "w", "orld", "hellö", "ö", "日", "\U0001F600", "12", "1", "."];
        foreach (var file in EveryPart.Bytes)
        {
            var json = Encoding.UTF8.GetString(file).Replace("\"dropout\":0.1", "\"dropout\":null", StringComparison.Ordinal);
            LanguageModelTokenizer Make() => LanguageModelTokenizer.FromStream(new MemoryStream(Encoding.UTF8.GetBytes(json)));
            var warm = Make();
            ForAll(Gen.Elements(fragments).Zip(Gen.Elements("", " "), string.Concat).ArrayOf().Select(string.Concat).ToArbitrary(), text =>
                AreEqual(Make().Encode(text), warm.Encode(text)) && Make().EncodeToIds(text).SequenceEqual(warm.EncodeToIds(text)));
        }
    }

    [TestMethod]
    public void Counting_tokens_allocates_nothing_for_each()
    {
        var text = string.Concat(Enumerable.Repeat("The quick brown fox. ", 1000));
        var ids = new List<int>(100_000);
        foreach (var tokenizer in new[] { SmallTokenizer.Trained, Framed })
        {
            for (var i = 0; i < 3; i++) Assert.IsGreaterThan(4000, tokenizer.CountTokens(text));
            var before = GC.GetAllocatedBytesForCurrentThread();
            tokenizer.CountTokens(text);
            ids.Clear();
            tokenizer.EncodeInto(text, ids);
            Assert.IsLessThan(1000, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    private static IEnumerable<int> Tail(IReadOnlyList<int> all, int count) => all.SkipLast(1).TakeLast(Math.Max(count - 2, 0));

    private static IReadOnlyList<int> Plain(string text) => Framed.Encode(text, new TokenEncodingOptions { AddSpecialTokens = false }).Ids;

    private static bool AreEqual(TokenEncoding one, TokenEncoding other) =>
        one.Ids.SequenceEqual(other.Ids) && one.Tokens.SequenceEqual(other.Tokens) && one.Offsets.SequenceEqual(other.Offsets)
        && one.Words.SequenceEqual(other.Words) && one.TypeIds.SequenceEqual(other.TypeIds) && one.IsSpecial.SequenceEqual(other.IsSpecial)
        && one.AttentionMask.SequenceEqual(other.AttentionMask) && one.SequenceIds.SequenceEqual(other.SequenceIds)
        && one.Overflowing.Count == other.Overflowing.Count && one.Overflowing.Zip(other.Overflowing).All(pair => AreEqual(pair.First, pair.Second));

    private static void ForAll<T>(Arbitrary<T> values, Func<T, bool> property) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(200).WithEndSize(30), Prop.ForAll(values, property));
}
