namespace Ml.Llm.Tokenization;

/// <summary>A special token as files name it, and its place among the ids.</summary>
/// <param name="Key">Its name in tokenizer_config.json and special_tokens_map.json.</param>
/// <param name="Get">The id.</param>
/// <param name="With">The ids with another one.</param>
internal sealed record SpecialTokenName(string Key, Func<SpecialTokenIds, int?> Get, Func<SpecialTokenIds, int?, SpecialTokenIds> With)
{
    /// <summary>What Transformers 4 calls the list of further special tokens.</summary>
    public const string Additional = "additional_special_tokens";

    /// <summary>What Transformers 5 calls it.</summary>
    public const string Extra = "extra_special_tokens";

    /// <summary>All names, in the order of their keys.</summary>
    public static IReadOnlyList<SpecialTokenName> All { get; } =
    [
        new("bos_token", ids => ids.Bos, (ids, id) => ids with { Bos = id }),
        new("cls_token", ids => ids.Cls, (ids, id) => ids with { Cls = id }),
        new("eos_token", ids => ids.Eos, (ids, id) => ids with { Eos = id }),
        new("mask_token", ids => ids.Mask, (ids, id) => ids with { Mask = id }),
        new("pad_token", ids => ids.Pad, (ids, id) => ids with { Pad = id }),
        new("sep_token", ids => ids.Sep, (ids, id) => ids with { Sep = id }),
        new("unk_token", ids => ids.Unknown, (ids, id) => ids with { Unknown = id }),
    ];
}
