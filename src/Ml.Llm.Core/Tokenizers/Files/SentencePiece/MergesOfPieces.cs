using System.Text;

namespace Ml.Llm.Tokenization;

/// <summary>
/// Finds the merges of a vocabulary that only has scores: every way to part a piece into two others, the best scored piece
/// first, as Transformers' converter does.
/// </summary>
/// <remarks>
/// The beginnings of a piece that are pieces themselves lie on one walk through a trie, and its ends on one through the trie of
/// the pieces written backwards: so the work is linear in the text of all pieces, however long one is.
/// </remarks>
/// <threadsafety>Pure functions.</threadsafety>
internal static class MergesOfPieces
{
    /// <summary>The merges, the most important first. Of one piece those come first whose parts have the smaller ids.</summary>
    /// <param name="pieces">The pieces by id, with their scores.</param>
    /// <param name="isResult">Whether a merge may make a piece, by its id.</param>
    public static List<(string Left, string Right)> Find(IReadOnlyList<(string Text, float Score)> pieces, Func<int, bool> isResult)
    {
        var beginnings = ByteTrie.Of(pieces.Select((piece, id) => KeyValuePair.Create(piece.Text, id)));
        var ends = ByteTrie.Of(pieces.Select((piece, id) => KeyValuePair.Create(Backwards(piece.Text), id)));
        var merges = new List<(float Score, int Piece, int Left, int Right)>();
        var endOf = new List<int>();
        for (var id = 0; id < pieces.Count; id++)
        {
            if (!isResult(id)) continue;
            var bytes = Encoding.UTF8.GetBytes(pieces[id].Text);
            Walk(ends, Encoding.UTF8.GetBytes(Backwards(pieces[id].Text)), endOf);
            var node = ByteTrie.Root;
            for (var at = 0; at + 1 < bytes.Length; at++)
            {
                node = beginnings.Step(node, bytes[at]);
                if (node == ByteTrie.None) break;
                var rest = bytes.Length - at - 1;
                if (beginnings.ValueAt(node) is var left and not ByteTrie.None && rest <= endOf.Count && endOf[rest - 1] is var right and not ByteTrie.None)
                    merges.Add((pieces[id].Score, id, left, right));
            }
        }

        merges.Sort(static (a, b) =>
        {
            var order = b.Score.CompareTo(a.Score);
            return order != 0 ? order : (a.Piece, a.Left, a.Right).CompareTo((b.Piece, b.Left, b.Right));
        });
        return merges.ConvertAll(merge => (pieces[merge.Left].Text, pieces[merge.Right].Text));
    }

    /// <summary>Fills a list with the value behind each byte of a text, as far as the trie goes.</summary>
    private static void Walk(ByteTrie trie, ReadOnlySpan<byte> bytes, List<int> values)
    {
        values.Clear();
        var node = ByteTrie.Root;
        foreach (var value in bytes)
        {
            node = trie.Step(node, value);
            if (node == ByteTrie.None) return;
            values.Add(trie.ValueAt(node));
        }
    }

    private static string Backwards(string text)
    {
        var reversed = text.ToCharArray();
        reversed.AsSpan().Reverse();
        for (var i = 0; i + 1 < reversed.Length; i++)
        {
            if (char.IsSurrogatePair(reversed[i + 1], reversed[i])) (reversed[i], reversed[i + 1]) = (reversed[i + 1], reversed[i]);
        }

        return new string(reversed);
    }
}
