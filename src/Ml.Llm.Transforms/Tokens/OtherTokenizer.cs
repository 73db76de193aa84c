using Microsoft.ML.Tokenizers;
using Ml.Llm.Tokenization;

namespace Ml.Llm;

/// <summary>
/// Encoding and decoding with a tokenizer of another library, which knows ids and text alone: what is put around, cut and filled
/// follows from the options here.
/// </summary>
/// <threadsafety>Pure functions, as safe as the tokenizer.</threadsafety>
internal static class OtherTokenizer
{
    /// <summary>Checks that options ask for nothing that such a tokenizer cannot give.</summary>
    /// <exception cref="ArgumentException">They do; the message names the option.</exception>
    public static void Check(Tokenizer tokenizer, EncodeTokensOptions options)
    {
        if (tokenizer is LanguageModelTokenizer) return;
        Require(options.PairColumnName is null, nameof(options.PairColumnName), "puts no pairs together");
        Require(options.OffsetsColumnName is null, nameof(options.OffsetsColumnName), "gives places in the text as it normalized it, not in the column's");
        Require(!options.ParseSpecialTokens, nameof(options.ParseSpecialTokens), "decides by itself what it takes for special tokens");
        Require(!options.AddSpecialTokens || options.SpecialTokens is not null, nameof(options.SpecialTokens), "does not say its special tokens: give them, or set AddSpecialTokens to false");
        Require(!options.PadToMaxLength || options.SpecialTokens?.Pad is not null, nameof(options.SpecialTokens), "does not say what fills rows: give Pad among them");
        var (begin, end) = Frame(options);
        var least = (begin is null ? 0 : 1) + (end is null ? 0 : 1) + 1;
        Require(options.MaxLength is not { } most || most >= least, nameof(options.MaxLength), $"needs room for a token among the special ones, so at least {least}");

        void Require(bool holds, string option, string reason) => OtherTokenizer.Require(tokenizer, holds, $"{nameof(EncodeTokensOptions)}.{option}", option, reason);
    }

    /// <summary>Checks that options ask for nothing that such a tokenizer cannot give.</summary>
    /// <exception cref="ArgumentException">They do; the message names the option.</exception>
    public static void Check(Tokenizer tokenizer, DecodeTokensOptions options) => Require(
        tokenizer,
        tokenizer is LanguageModelTokenizer || !options.SkipSpecialTokens || options.SpecialTokens is not null,
        $"{nameof(DecodeTokensOptions)}.{nameof(options.SpecialTokens)}",
        nameof(options.SpecialTokens),
        "does not say its special tokens: give them, or set SkipSpecialTokens to false");

    /// <summary>Encodes a text.</summary>
    public static TokenEncoding Encode(Tokenizer tokenizer, string text, EncodeTokensOptions options)
    {
        var ids = new List<int>();
        PlainEncoding.EncodeInto(tokenizer, text, ids);
        var (begin, end) = Frame(options);
        var room = (options.MaxLength ?? int.MaxValue) - (begin is null ? 0 : 1) - (end is null ? 0 : 1);
        TokenEncoding[] overflowing = [];
        if (ids.Count > room)
        {
            var cutsLeft = options.TruncationSide == TruncationDirection.Left;
            var (first, rest) = cutsLeft ? (ids.Count - room, 0) : (0, room);
            overflowing = [Build(ids.GetRange(rest, ids.Count - room), null, null, options with { PadToMaxLength = false }, [])];
            ids = ids.GetRange(first, room);
        }

        return Build(ids, begin, end, options, overflowing);
    }

    /// <summary>Decodes ids; null: one of them stands for nothing.</summary>
    public static string? Decode(Tokenizer tokenizer, int[] ids, DecodeTokensOptions options)
    {
        if (options is not { SkipSpecialTokens: true, SpecialTokens: { } special }) return tokenizer.Decode(ids);
        var skipped = SpecialTokenName.All.Select(name => name.Get(special)).OfType<int>().Concat(special.AdditionalSpecialTokens).ToHashSet();
        return tokenizer.Decode(ids.Where(id => !skipped.Contains(id)));
    }

    private static TokenEncoding Build(List<int> ids, int? begin, int? end, EncodeTokensOptions options, TokenEncoding[] overflowing)
    {
        if (begin is { } first) ids.Insert(0, first);
        if (end is { } last) ids.Add(last);
        var length = options.PadToMaxLength ? options.MaxLength!.Value : ids.Count;
        var at = options.PaddingSide == PaddingDirection.Left ? length - ids.Count : 0;
        var lists = new TokenLists(length);
        lists.Fill(0, length, new PadToken(options.SpecialTokens?.Pad ?? 0, "", 0, options.PaddingSide));
        for (var i = 0; i < ids.Count; i++) (lists.Ids[at + i], lists.AttentionMask[at + i]) = (ids[i], 1);
        return new TokenEncoding(lists, overflowing);
    }

    private static (int? Begin, int? End) Frame(EncodeTokensOptions options) => options is { AddSpecialTokens: true, SpecialTokens: { } special }
        ? (special.Cls ?? special.Bos, special.Sep ?? special.Eos)
        : (null, null);

    private static void Require(Tokenizer tokenizer, bool holds, string option, string name, string reason)
    {
        if (!holds) throw new ArgumentException($"{option}: a {tokenizer.GetType().FullName} {reason}.", name);
    }
}
