namespace Ml.Llm.Tokenization;

/// <summary>Finds the most likely way to write a text as pieces (Viterbi), character by character from the left.</summary>
/// <remarks>
/// Of each position only the best way to reach it is kept: its score, where its last piece begins, and that piece. Room is kept by
/// each thread, so that words allocate nothing.
/// </remarks>
/// <threadsafety>Belongs to one thread at a time.</threadsafety>
internal sealed class BestPath
{
    private const int KeptCapacity = 1 << 16;
    private const int Unreached = -1;

    [ThreadStatic] private static BestPath? t_spare;

    private double[] _scores = new double[256];
    private int[] _starts = new int[256];
    private int[] _ids = new int[256];

    /// <summary>Adds the pieces of a text to a list, from the last to the first; an unknown character has the unknown id.</summary>
    /// <param name="vocabulary">The pieces.</param>
    /// <param name="text">The text, UTF-8.</param>
    /// <param name="reversed">Takes each piece with its length in bytes.</param>
    public static void Find(UnigramVocabulary vocabulary, ReadOnlySpan<byte> text, SymbolList reversed)
    {
        var path = t_spare ?? new BestPath();
        t_spare = null;
        path.Reserve(text.Length + 1);
        path.Fill(vocabulary, text);
        for (var end = text.Length; end > 0; end = path._starts[end]) reversed.Add(path._ids[end], end - path._starts[end]);
        if (path._scores.Length <= KeptCapacity) t_spare = path;
    }

    private void Reserve(int size)
    {
        if (size <= _scores.Length) return;
        size = (int)Math.Min(Math.Max(size, 2L * _scores.Length), Array.MaxLength);
        (_scores, _starts, _ids) = (new double[size], new int[size], new int[size]);
    }

    private void Fill(UnigramVocabulary vocabulary, ReadOnlySpan<byte> text)
    {
        var trie = vocabulary.Trie;
        var pieceScores = vocabulary.Scores;
        var (scores, starts, ids) = (_scores, _starts, _ids);
        Array.Fill(starts, Unreached, 0, text.Length + 1);
        scores[0] = 0;
        for (var start = 0; start < text.Length;)
        {
            var scoreHere = scores[start];
            var next = start + LengthOfCharacter(text[start]);
            var isKnown = false;
            var node = ByteTrie.Root;
            for (var at = start; at < text.Length; at++)
            {
                node = trie.Step(node, text[at]);
                if (node == ByteTrie.None) break;
                var id = trie.ValueAt(node);
                if (id == ByteTrie.None) continue;
                var end = at + 1;
                var score = pieceScores[id] + scoreHere;
                isKnown |= end == next;
                if (starts[end] != Unreached && !(score > scores[end])) continue;
                (scores[end], starts[end], ids[end]) = (score, start, id);
            }

            if (!isKnown)
            {
                var score = vocabulary.UnknownScore + scoreHere;
                if (starts[next] == Unreached || score > scores[next])
                {
                    var unknown = vocabulary.Options.UnknownId ?? throw UnknownTokens.Missing("Unigram", null);
                    (scores[next], starts[next], ids[next]) = (score, start, unknown);
                }
            }

            start = next;
        }
    }

    /// <summary>How many bytes the UTF-8 of a character has that begins with a byte.</summary>
    internal static int LengthOfCharacter(byte first) => first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}
