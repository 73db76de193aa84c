namespace Ml.Llm.Tokenization;

/// <summary>
/// The files that were read beside tokenizer.json, so that writing loses nothing of what this library has no use for.
/// </summary>
/// <param name="Config">tokenizer_config.json, or null.</param>
/// <param name="SpecialTokensMap">special_tokens_map.json, or null.</param>
/// <param name="ChatTemplate">chat_template.jinja, or null.</param>
/// <param name="AdditionalChatTemplates">The further templates in files of their own, by name.</param>
/// <param name="Ids">The special ids that reading found.</param>
/// <param name="MaxLength">The longest length that reading found.</param>
/// <param name="AddedTokens">The added tokens at that time.</param>
internal sealed record TokenizerSideFiles(
    byte[]? Config,
    byte[]? SpecialTokensMap,
    byte[]? ChatTemplate,
    IReadOnlyList<(string Name, byte[] Content)> AdditionalChatTemplates,
    SpecialTokenIds Ids,
    int? MaxLength,
    IReadOnlyList<AddedToken> AddedTokens)
{
    /// <summary>Those of a tokenizer that was trained here.</summary>
    public static TokenizerSideFiles None { get; } = new(null, null, null, [], new SpecialTokenIds(), null, []);
}
