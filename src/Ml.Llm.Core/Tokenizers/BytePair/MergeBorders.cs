namespace Ml.Llm.Tokenization;

/// <summary>
/// Characters before which no merge ever reaches back, but to the same character: a long text may be cut before them and its
/// parts be encoded alone. In a vocabulary of words with ▁ before them, that is the ▁.
/// </summary>
/// <remarks>
/// A merge across the border of two characters has a left part that ends with the first and a right part that begins with the
/// second. Where no merge has such parts, the two sides do not see each other.
/// </remarks>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class MergeBorders
{
    private readonly ulong[] _begins = new ulong[0x10000 / 64];

    private MergeBorders()
    {
    }

    /// <summary>The borders of a vocabulary; null where a part alone could become other tokens.</summary>
    public static MergeBorders? Of(BytePairVocabulary vocabulary, WordSpeller speller)
    {
        var options = vocabulary.Options;
        if (options.IgnoresMerges
            || vocabulary.Tokens.SharesIds
            || speller.DropsUnknown
            || !string.IsNullOrEmpty(options.ContinuingSubwordPrefix)
            || !string.IsNullOrEmpty(options.EndOfWordSuffix))
            return null;

        var borders = new MergeBorders();
        for (var unit = 0; unit < 0x10000; unit++)
        {
            if (!char.IsSurrogate((char)unit) && speller.Knows(unit)) borders.Set((char)unit, true);
        }

        foreach (var (left, right) in vocabulary.MergeTexts)
        {
            // A token that stands for unknown characters shows another text than the one that it merges by.
            if (speller.StandsForUnknown(vocabulary.Tokens.IdOf(left)!.Value) || speller.StandsForUnknown(vocabulary.Tokens.IdOf(right)!.Value)) return null;
            if (left.Length == 0 || right.Length == 0) return null;
            if (left[^1] != right[0]) borders.Set(right[0], false);
        }

        return borders;
    }

    /// <summary>The end of the part that begins at a position.</summary>
    public int EndOfPart(ReadOnlySpan<char> text, int start)
    {
        for (var at = start + 1; at < text.Length; at++)
        {
            if (Begins(text[at]) && text[at - 1] != text[at]) return at;
        }

        return text.Length;
    }

    private bool Begins(char unit) => (_begins[unit >> 6] & (1UL << (unit & 63))) != 0;

    private void Set(char unit, bool begins)
    {
        if (begins) _begins[unit >> 6] |= 1UL << (unit & 63);
        else _begins[unit >> 6] &= ~(1UL << (unit & 63));
    }
}
