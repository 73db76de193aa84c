namespace Ml.Llm.Tokenization;

/// <summary>
/// The first symbols of words: the token of each single character, which is another at the begin and at the end of a word
/// where tokens carry a prefix or suffix there.
/// </summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class SymbolTable
{
    /// <summary>What a character that is no token has for an id.</summary>
    public const int None = -1;

    private const int PageBits = 8;
    private const int PageSize = 1 << PageBits;

    private readonly int[]?[][] _byPlace;
    private readonly bool _hasPrefix;
    private readonly bool _hasSuffix;

    /// <summary>Makes the table of a vocabulary.</summary>
    public SymbolTable(TokenTable tokens, string? prefix, string? suffix)
    {
        (prefix, suffix) = (prefix ?? "", suffix ?? "");
        (_hasPrefix, _hasSuffix) = (prefix.Length > 0, suffix.Length > 0);
        _byPlace = new int[]?[4][];
        for (var place = 0; place < 4; place++)
        {
            if (place == PlaceOf((place & 1) == 0, (place & 2) != 0))
                _byPlace[place] = PagesOf(tokens, (place & 1) != 0 ? prefix : "", (place & 2) != 0 ? suffix : "");
        }
    }

    /// <summary>The id of a character.</summary>
    /// <param name="codePoint">The character.</param>
    /// <param name="isFirst">Whether it begins the word.</param>
    /// <param name="isLast">Whether it ends the word.</param>
    public int IdOf(int codePoint, bool isFirst, bool isLast)
    {
        var page = _byPlace[PlaceOf(isFirst, isLast)][codePoint >> PageBits];
        return page is null ? None : page[codePoint & (PageSize - 1)];
    }

    /// <summary>Bit 0: not the first, and that matters; bit 1: the last, and that matters.</summary>
    private int PlaceOf(bool isFirst, bool isLast) => (_hasPrefix && !isFirst ? 1 : 0) | (_hasSuffix && isLast ? 2 : 0);

    private static int[]?[] PagesOf(TokenTable tokens, string prefix, string suffix)
    {
        var pages = new int[]?[(0x10FFFF >> PageBits) + 1];
        foreach (var (token, id) in tokens.Ids)
        {
            var length = token.Length - prefix.Length - suffix.Length;
            if (length is not (1 or 2)
                || !token.StartsWith(prefix, StringComparison.Ordinal)
                || !token.EndsWith(suffix, StringComparison.Ordinal))
                continue;
            if (length == 2 && !char.IsSurrogatePair(token, prefix.Length)) continue;

            var codePoint = length == 1 ? token[prefix.Length] : char.ConvertToUtf32(token, prefix.Length);
            ref var page = ref pages[codePoint >> PageBits];
            if (page is null)
            {
                page = new int[PageSize];
                Array.Fill(page, None);
            }

            page[codePoint & (PageSize - 1)] = id;
        }

        return pages;
    }
}
