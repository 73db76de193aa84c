using System.Diagnostics.CodeAnalysis;

namespace Ml.Llm.Tokenization;

/// <summary>A piece that begins at some place: how long it is, and which one.</summary>
[SuppressMessage("Performance", "CA1815", Justification = "It is read, never compared.")]
internal readonly struct PieceEdge(int length, int piece)
{
    public int Length { get; } = length;

    public int Piece { get; } = piece;
}

/// <summary>
/// The pieces as a tree by their symbols, in one array: a node's child by a symbol lies at the node's base plus the symbol,
/// and knows its parent.
/// </summary>
/// <remarks>Aoe: An Efficient Digital Search Algorithm by Using a Double-Array Structure, IEEE ToSE 1989.</remarks>
/// <threadsafety>Immutable once built.</threadsafety>
internal sealed class PieceTrie
{
    private const int Free = -1;
    private const int NoParent = -2;
    private const int NoPiece = -1;
    private const int Attempts = 64;

    private readonly int _symbols;
    private Cell[] _cells;
    private int _rover;   // a free cell, where the next search begins

    /// <summary>Builds the tree.</summary>
    /// <param name="text">The text that the pieces are stretches of.</param>
    /// <param name="symbols">One more than the largest symbol.</param>
    /// <param name="pieces">The pieces in the order of their texts: start, length, number.</param>
    public PieceTrie(int[] text, int symbols, ReadOnlySpan<(int Start, int Length, int Piece)> pieces)
    {
        _symbols = symbols;
        _cells = [];
        _rover = Free;
        AddCells(Math.Max(symbols + 256, 2 * pieces.Length));
        Take(0, NoParent);
        var open = new Stack<(int Node, int From, int To, int Depth)>();
        open.Push((0, 0, pieces.Length, 0));
        var children = new List<(int Symbol, int From)>();
        while (open.TryPop(out var node))
        {
            var from = node.From;
            if (from < node.To && pieces[from].Length == node.Depth) _cells[node.Node].Piece = pieces[from++].Piece;
            if (from == node.To) continue;
            children.Clear();
            for (var i = from; i < node.To; i++)
            {
                var symbol = text[pieces[i].Start + node.Depth];
                if (children.Count == 0 || children[^1].Symbol != symbol) children.Add((symbol, i));
            }

            var start = FindBase(children);
            _cells[node.Node].Base = start;
            for (var i = 0; i < children.Count; i++)
            {
                var to = i + 1 < children.Count ? children[i + 1].From : node.To;
                Take(start + children[i].Symbol, node.Node);
                open.Push((start + children[i].Symbol, children[i].From, to, node.Depth + 1));
            }
        }
    }

    /// <summary>Writes the pieces that begin at a place into a buffer, the shortest first.</summary>
    /// <returns>How many there are; the buffer must have room for as many as the longest piece has symbols.</returns>
    public int Match(ReadOnlySpan<int> text, Span<PieceEdge> edges)
    {
        var cells = _cells;
        var (node, count) = (0, 0);
        for (var i = 0; i < text.Length; i++)
        {
            var child = cells[node].Base + text[i];
            ref readonly var cell = ref cells[child];
            if (cell.Parent != node) break;
            node = child;
            if (cell.Piece >= 0) edges[count++] = new PieceEdge(i + 1, cell.Piece);
        }

        return count;
    }

    /// <summary>A base at which the cells of all children are free.</summary>
    private int FindBase(List<(int Symbol, int From)> children)
    {
        var lowest = children[0].Symbol;
        for (var i = 0; i < Attempts && _rover != Free; i++)
        {
            var start = _rover - lowest;
            if (start >= 0 && start + _symbols <= _cells.Length && AreFree(start, children)) return start;
            _rover = _cells[_rover].Base;
        }

        var end = _cells.Length;
        AddCells(Math.Max(_symbols, end / 2));
        return Math.Max(0, end - lowest);
    }

    private bool AreFree(int start, List<(int Symbol, int From)> children)
    {
        foreach (var (symbol, _) in children)
        {
            if (_cells[start + symbol].Parent != Free) return false;
        }

        return true;
    }

    /// <summary>Takes a cell out of the ring of free ones.</summary>
    private void Take(int index, int parent)
    {
        ref var cell = ref _cells[index];
        var (next, previous) = (cell.Base, cell.Piece);
        if (next == index)
        {
            _rover = Free;
        }
        else
        {
            _cells[next].Piece = previous;
            _cells[previous].Base = next;
            if (_rover == index) _rover = next;
        }

        cell = new Cell { Parent = parent, Piece = NoPiece };
    }

    /// <summary>Adds free cells; the free ones form a ring, each with the next one as its base and the previous one as its piece.</summary>
    private void AddCells(int count)
    {
        var first = _cells.Length;
        Array.Resize(ref _cells, checked(first + count));
        var last = _cells.Length - 1;
        for (var i = first; i <= last; i++) _cells[i] = new Cell { Base = i + 1, Parent = Free, Piece = i - 1 };
        var (before, after) = _rover == Free ? (last, first) : (_cells[_rover].Piece, _rover);
        _cells[first].Piece = before;
        _cells[last].Base = after;
        _cells[before].Base = first;
        _cells[after].Piece = last;
        _rover = first;
    }

    private struct Cell
    {
        public int Base;
        public int Parent;
        public int Piece;
    }
}
