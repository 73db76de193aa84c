namespace Ml.Llm.Tokenization;

/// <summary>How long tokens may become by decoding: steps that each make two characters of one would fill any memory in a row.</summary>
/// <param name="before">The length of all tokens before, in UTF-16 units.</param>
internal readonly struct GrowthLimit(long before)
{
    private const int Growth = 16;
    private const int LengthOfAny = 1 << 16;

    /// <summary>The limit of some tokens.</summary>
    public static GrowthLimit Of(List<string> tokens) => new(LengthOf(tokens));

    /// <summary>Checks what the tokens have become.</summary>
    /// <exception cref="ModelFormatException">They have become too long.</exception>
    public void Check(List<string> tokens) => Check(LengthOf(tokens));

    /// <summary>Checks a length.</summary>
    /// <exception cref="ModelFormatException">It is too long.</exception>
    public void Check(long length)
    {
        if (length > LengthOfAny + (Growth * before))
            throw new ModelFormatException(TokenizerFiles.Tokenizer, $"the decoder makes tokens more than {Growth} times as long as they were; take repeated or growing replacements out of it");
    }

    private static long LengthOf(List<string> tokens)
    {
        var length = 0L;
        foreach (var token in tokens) length += token.Length;
        return length;
    }
}
