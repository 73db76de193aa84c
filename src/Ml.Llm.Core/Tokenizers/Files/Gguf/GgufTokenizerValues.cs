namespace Ml.Llm.Tokenization;

/// <summary>The values of a GGUF file that make its tokenizer: those of the keys that begin with <c>tokenizer.ggml.</c></summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed record GgufTokenizerValues
{
    /// <summary>The kind (model): gpt2, llama, bert or t5.</summary>
    public required string Model { get; init; }

    /// <summary>The tokens by id (tokens).</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary>Their scores (scores); null: all 0.</summary>
    public IReadOnlyList<float>? Scores { get; init; }

    /// <summary>Their types (token_type), by the numbers of <see cref="SentencePieceType"/>; null: all normal.</summary>
    public IReadOnlyList<int>? TokenTypes { get; init; }

    /// <summary>The merges of gpt2 (merges): two parts with a space between them.</summary>
    public IReadOnlyList<string>? Merges { get; init; }

    /// <summary>How text is cut into pieces for gpt2 (pre); null: default, which is a form of its own. See <see cref="GgufPreTokenizer"/>.</summary>
    public string? Pre { get; init; }

    /// <summary>The token that begins a text (bos_token_id).</summary>
    public int? BosId { get; init; }

    /// <summary>The token that ends a text (eos_token_id).</summary>
    public int? EosId { get; init; }

    /// <summary>The unknown token (unknown_token_id).</summary>
    public int? UnknownId { get; init; }

    /// <summary>The token that parts texts (seperator_token_id, as the format spells it).</summary>
    public int? SeparatorId { get; init; }

    /// <summary>The token that fills rows (padding_token_id).</summary>
    public int? PaddingId { get; init; }

    /// <summary>The token that stands for the text (cls_token_id).</summary>
    public int? ClsId { get; init; }

    /// <summary>The token that hides another one (mask_token_id).</summary>
    public int? MaskId { get; init; }

    /// <summary>Whether texts begin with the begin token (add_bos_token); null: the usual, which is yes for llama, and for gpt2 as <see cref="Pre"/> has it.</summary>
    public bool? AddsBos { get; init; }

    /// <summary>Whether texts end with the end token (add_eos_token); null: the usual of the kind, which is yes for t5 alone.</summary>
    public bool? AddsEos { get; init; }

    /// <summary>Whether a space is put before the text (add_space_prefix); null: the usual of the kind, which is yes for llama alone.</summary>
    public bool? AddsSpacePrefix { get; init; }

    /// <summary>Whether several spaces are one (remove_extra_whitespaces). Default no.</summary>
    public bool RemovesExtraWhiteSpace { get; init; }

    /// <summary>Whether bert's text is put into lower case (normalizer.lowercase). Default yes.</summary>
    public bool Lowercases { get; init; } = true;

    /// <summary>Whether accents are taken off bert's text (normalizer.strip_accents); null: where it is put into lower case.</summary>
    public bool? StripsAccents { get; init; }

    /// <summary>The table of character replacements (precompiled_charsmap). Default none.</summary>
    public byte[] CharacterMap { get; init; } = [];
}
