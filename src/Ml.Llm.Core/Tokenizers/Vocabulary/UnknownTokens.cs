using System.Globalization;

namespace Ml.Llm.Tokenization;

/// <summary>Complaints about text that a model has no token for, and names of the tokens that stand for single bytes.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class UnknownTokens
{
    /// <summary>The complaint about a model whose unknown token is needed but is not in its vocabulary.</summary>
    public static ModelFormatException Missing(string model, string? unknownToken) => new(
        TokenizerFiles.Tokenizer,
        unknownToken is null
            ? $"model: the {model} model says no unknown token, and the text has a part that is not in the vocabulary; name one in the file, or leave that text out"
            : $"model: the unknown token \"{unknownToken}\" of the {model} model is not in the vocabulary, and the text needs it; add it to the vocabulary, or leave that text out");

    /// <summary>The name of the token that stands for a byte where a model falls back to bytes: <c>&lt;0x0A&gt;</c>.</summary>
    public static string NameOfByte(int value) => string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>");

    /// <summary>The ids of the tokens that stand for bytes, -1 where there is none; null where no byte has one.</summary>
    public static int[]? IdsOfBytes(Func<string, int?> idOf)
    {
        var ids = new int[256];
        for (var value = 0; value < ids.Length; value++) ids[value] = idOf(NameOfByte(value)) ?? -1;
        return ids.AsSpan().ContainsAnyExcept(-1) ? ids : null;
    }
}
