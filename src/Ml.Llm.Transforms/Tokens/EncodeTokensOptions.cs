using Microsoft.ML.Tokenizers;

namespace Ml.Llm;

/// <summary>How a column of text becomes tokens. See <see cref="LlmTransformsCatalog.EncodeTokens(Tokenizer, EncodeTokensOptions)"/>.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
public sealed record EncodeTokensOptions
{
    /// <summary>The column of text that is read (default "Text").</summary>
    public string InputColumnName { get; init; } = "Text";

    /// <summary>A column with a second text, encoded together with the first as a pair; null (the default): single texts.</summary>
    public string? PairColumnName { get; init; }

    /// <summary>The column of ids that is added (default "InputIds"): a vector of Int32.</summary>
    public string InputIdsColumnName { get; init; } = "InputIds";

    /// <summary>The column that is added with 1 for each token and 0 for what fills (default "AttentionMask"); null for none.</summary>
    public string? AttentionMaskColumnName { get; init; } = "AttentionMask";

    /// <summary>The column that is added with the type of each token's sequence (default "TokenTypeIds"); null for none.</summary>
    public string? TokenTypeIdsColumnName { get; init; } = "TokenTypeIds";

    /// <summary>
    /// The column that is added with start and end of each token in its text, in UTF-16 units, one after the other, so twice as
    /// long as the others; null (the default) for none.
    /// </summary>
    public string? OffsetsColumnName { get; init; }

    /// <summary>The most tokens of a row, special ones included; null (the default): as the tokenizer's file says, which mostly is no limit.</summary>
    public int? MaxLength { get; init; }

    /// <summary>On which side tokens beyond <see cref="MaxLength"/> are cut off (default right).</summary>
    public TruncationDirection TruncationSide { get; init; }

    /// <summary>Which text of a pair is cut (default longest first).</summary>
    public TruncationStrategy TruncationStrategy { get; init; }

    /// <summary>
    /// Whether every row is filled up to <see cref="MaxLength"/>, so that the vectors have a fixed length, as most trainers of
    /// ML.NET want them (default false: each row has its own length).
    /// </summary>
    public bool PadToMaxLength { get; init; }

    /// <summary>On which side rows are filled up (default right).</summary>
    public PaddingDirection PaddingSide { get; init; }

    /// <summary>Whether the tokens are put around the texts that the tokenizer's post-processor asks for (default true).</summary>
    public bool AddSpecialTokens { get; init; } = true;

    /// <summary>Whether the text of a special token within a text is taken for that token (default false: it is text like any other).</summary>
    public bool ParseSpecialTokens { get; init; }

    /// <summary>
    /// The ids of the special tokens, for a tokenizer that is not a <see cref="LanguageModelTokenizer"/> and does not say them
    /// itself (default null: the tokenizer's own). Cls, else Bos, is put before each text and Sep, else Eos, behind
    /// it; Pad fills rows.
    /// </summary>
    public SpecialTokenIds? SpecialTokens { get; init; }

    /// <summary>Checks every option.</summary>
    /// <exception cref="ArgumentException">An option is not usable; the message names it.</exception>
    public void Validate()
    {
        Check(!string.IsNullOrEmpty(InputColumnName), nameof(InputColumnName), "must name a column");
        Check(PairColumnName is not { Length: 0 }, nameof(PairColumnName), "must be null or name a column");
        Check(!string.IsNullOrEmpty(InputIdsColumnName), nameof(InputIdsColumnName), "must name a column");
        Check(AttentionMaskColumnName is not { Length: 0 }, nameof(AttentionMaskColumnName), "must be null or name a column");
        Check(TokenTypeIdsColumnName is not { Length: 0 }, nameof(TokenTypeIdsColumnName), "must be null or name a column");
        Check(OffsetsColumnName is not { Length: 0 }, nameof(OffsetsColumnName), "must be null or name a column");
        Check(MaxLength is not < 1, nameof(MaxLength), "must be null or at least 1");
        Check(!PadToMaxLength || MaxLength is not null, nameof(PadToMaxLength), "needs MaxLength");
        Check(Enum.IsDefined(TruncationSide), nameof(TruncationSide), "is not known");
        Check(Enum.IsDefined(TruncationStrategy), nameof(TruncationStrategy), "is not known");
        Check(Enum.IsDefined(PaddingSide), nameof(PaddingSide), "is not known");
        SpecialTokens?.Validate();
        var names = Outputs().ToList();
        Check(names.Distinct(StringComparer.Ordinal).Count() == names.Count, nameof(InputIdsColumnName), "and the other outputs must have different names");
    }

    /// <summary>The names of the outputs, in their order.</summary>
    internal IEnumerable<string> Outputs()
    {
        yield return InputIdsColumnName;
        if (AttentionMaskColumnName is { } mask)
            yield return mask;
        if (TokenTypeIdsColumnName is { } types)
            yield return types;
        if (OffsetsColumnName is { } offsets)
            yield return offsets;
    }

    /// <summary>What the tokenizer is asked for.</summary>
    internal TokenEncodingOptions ToEncoding() => new()
    {
        AddSpecialTokens = AddSpecialTokens,
        ParseSpecialTokens = ParseSpecialTokens,
        Truncation = MaxLength is { } most ? new TruncationOptions { MaxLength = most, Direction = TruncationSide, Strategy = TruncationStrategy } : null,
        // What the file says of padding is about batches; a row of a view stands alone.
        Padding = PadToMaxLength ? new PaddingOptions { Length = MaxLength, Direction = PaddingSide } : PaddingOptions.None,
    };

    private static void Check(bool holds, string option, string rule)
    {
        if (!holds)
            throw new ArgumentException($"{nameof(EncodeTokensOptions)}.{option} {rule}.", option);
    }
}
