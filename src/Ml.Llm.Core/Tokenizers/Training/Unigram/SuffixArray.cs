namespace Ml.Llm.Tokenization;

/// <summary>
/// All suffixes of a text in order, in linear time and without comparing any two: those that begin a rise after a fall are
/// sorted first, by the same means on a text at most half as long, and the order of all others follows from theirs.
/// </summary>
/// <remarks>Nong, Zhang, Chan: Two Efficient Algorithms for Linear Time Suffix Array Construction, IEEE ToC 2011.</remarks>
/// <threadsafety>Pure functions.</threadsafety>
internal static class SuffixArray
{
    private const int None = -1;

    /// <summary>The starts of the suffixes, in the order of the suffixes.</summary>
    /// <param name="text">Symbols from 0 on; the last one is 0, and no other is.</param>
    /// <param name="symbols">One more than the largest symbol.</param>
    public static int[] Of(ReadOnlySpan<int> text, int symbols)
    {
        var suffixes = new int[text.Length];
        Sort(text, suffixes, symbols);
        return suffixes;
    }

    /// <summary>For each place in the order, how many symbols its suffix has in common with the one before it; 0 for the first.</summary>
    /// <remarks>Kärkkäinen, Manzini, Puglisi: Permuted Longest-Common-Prefix Array, CPM 2009.</remarks>
    public static int[] CommonPrefixes(ReadOnlySpan<int> text, ReadOnlySpan<int> suffixes)
    {
        var before = new int[text.Length];   // by start: the start of the suffix before it in the order
        before[suffixes[0]] = None;
        for (var i = 1; i < suffixes.Length; i++) before[suffixes[i]] = suffixes[i - 1];

        // From one start to the next the common prefix shrinks by one symbol at most.
        var common = 0;
        for (var start = 0; start < text.Length; start++)
        {
            var other = before[start];
            if (other == None) common = 0;
            else while (text[start + common] == text[other + common]) common++;
            before[start] = common;
            if (common > 0) common--;
        }

        var lengths = new int[text.Length];
        for (var i = 0; i < suffixes.Length; i++) lengths[i] = before[suffixes[i]];
        return lengths;
    }

    private static void Sort(ReadOnlySpan<int> text, Span<int> suffixes, int symbols)
    {
        var rises = new bool[text.Length];   // whether a suffix is smaller than the one that begins a symbol later
        rises[^1] = true;
        for (var i = text.Length - 2; i >= 0; i--) rises[i] = text[i] < text[i + 1] || (text[i] == text[i + 1] && rises[i + 1]);
        var sizes = new int[symbols];
        foreach (var symbol in text) sizes[symbol]++;
        var edges = new int[symbols];

        // The turns from fall to rise by their first symbol alone, then induced by their whole stretch to the next turn.
        suffixes.Fill(None);
        ToEnds(sizes, edges);
        for (var i = 1; i < text.Length; i++)
        {
            if (rises[i] && !rises[i - 1]) suffixes[--edges[text[i]]] = i;
        }

        Induce(text, suffixes, rises, sizes, edges);

        var turns = 0;
        foreach (var start in suffixes)
        {
            if (IsTurn(rises, start)) suffixes[turns++] = start;
        }

        SortTurns(text, suffixes, rises, turns);
        suffixes[turns..].Fill(None);
        ToEnds(sizes, edges);
        for (var i = turns - 1; i >= 0; i--)
        {
            var start = suffixes[i];
            suffixes[i] = None;
            suffixes[--edges[text[start]]] = start;
        }

        Induce(text, suffixes, rises, sizes, edges);
    }

    /// <summary>Puts the turns, which come in order of their stretches, in order of their suffixes.</summary>
    private static void SortTurns(ReadOnlySpan<int> text, Span<int> suffixes, bool[] rises, int turns)
    {
        var names = suffixes[turns..];
        names.Fill(None);
        var (name, last) = (None, None);
        foreach (var start in suffixes[..turns])
        {
            if (last == None || !SameStretch(text, rises, last, start)) name++;
            names[start / 2] = name;   // Turns are two apart at least.
            last = start;
        }

        var reduced = suffixes[^turns..];
        var to = turns - 1;
        for (var i = names.Length - 1; i >= 0; i--)
        {
            if (names[i] != None) reduced[to--] = names[i];
        }

        var order = suffixes[..turns];
        if (name + 1 < turns) Sort(reduced, order, name + 1);
        else for (var i = 0; i < turns; i++) order[reduced[i]] = i;

        to = 0;
        for (var i = 1; i < text.Length; i++)
        {
            if (rises[i] && !rises[i - 1]) reduced[to++] = i;
        }

        for (var i = 0; i < turns; i++) order[i] = reduced[order[i]];
    }

    private static void Induce(ReadOnlySpan<int> text, Span<int> suffixes, bool[] rises, int[] sizes, int[] edges)
    {
        ToStarts(sizes, edges);
        for (var i = 0; i < suffixes.Length; i++)
        {
            var start = suffixes[i] - 1;
            if (start >= 0 && !rises[start]) suffixes[edges[text[start]]++] = start;
        }

        ToEnds(sizes, edges);
        for (var i = suffixes.Length - 1; i >= 0; i--)
        {
            var start = suffixes[i] - 1;
            if (start >= 0 && rises[start]) suffixes[--edges[text[start]]] = start;
        }
    }

    private static bool IsTurn(bool[] rises, int start) => start > 0 && rises[start] && !rises[start - 1];

    private static bool SameStretch(ReadOnlySpan<int> text, bool[] rises, int a, int b)
    {
        for (var i = 0; ; i++)
        {
            if (text[a + i] != text[b + i] || rises[a + i] != rises[b + i]) return false;
            if (i == 0) continue;
            var (endsA, endsB) = (IsTurn(rises, a + i), IsTurn(rises, b + i));
            if (endsA || endsB) return endsA && endsB;
        }
    }

    private static void ToStarts(int[] sizes, int[] edges)
    {
        var sum = 0;
        for (var symbol = 0; symbol < sizes.Length; symbol++) (edges[symbol], sum) = (sum, sum + sizes[symbol]);
    }

    private static void ToEnds(int[] sizes, int[] edges)
    {
        var sum = 0;
        for (var symbol = 0; symbol < sizes.Length; symbol++) edges[symbol] = sum += sizes[symbol];
    }
}
