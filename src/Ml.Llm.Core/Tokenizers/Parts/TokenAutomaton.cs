using System.Buffers;

namespace Ml.Llm.Tokenization;

/// <summary>
/// Finds which of many texts begins at each place of a text, the longest there: the automaton of Aho and Corasick over the
/// texts read backwards, run from the end. Linear in the text, however many there are and however they overlap.
/// </summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class TokenAutomaton
{
    private const int Root = 0;
    private const int None = -1;

    private readonly Dictionary<long, int> _children = [];
    private readonly List<int> _fallbacks = [Root];
    private readonly List<int> _longest = [None];
    private readonly SearchValues<char> _lastUnits;

    /// <summary>Makes an automaton; an empty text is never found, and of equal texts the first is.</summary>
    public TokenAutomaton(IReadOnlyList<string> texts)
    {
        for (var i = 0; i < texts.Count; i++) Add(texts[i], i);
        _lastUnits = SearchValues.Create(texts.Where(static text => text.Length > 0).Select(static text => text[^1]).Distinct().ToArray());
        LinkFallbacks();
    }

    /// <summary>Adds where each text is found that is the longest of its place, the last place first.</summary>
    public void Find(ReadOnlySpan<char> text, List<(int Start, int Index)> found)
    {
        var node = Root;
        for (var position = text.Length - 1; position >= 0; position--)
        {
            if (node == Root)
            {
                position = text[..(position + 1)].LastIndexOfAny(_lastUnits);
                if (position < 0) return;
            }

            node = Follow(node, text[position]);
            if (_longest[node] != None) found.Add((position, _longest[node]));
        }
    }

    private static long KeyOf(int node, char unit) => ((long)node << 16) | unit;

    private int Follow(int node, char unit)
    {
        while (true)
        {
            if (_children.TryGetValue(KeyOf(node, unit), out var child)) return child;
            if (node == Root) return Root;
            node = _fallbacks[node];
        }
    }

    private void Add(string text, int index)
    {
        if (text.Length == 0) return;
        var node = Root;
        for (var position = text.Length - 1; position >= 0; position--)
        {
            var key = KeyOf(node, text[position]);
            if (!_children.TryGetValue(key, out var child))
            {
                child = _longest.Count;
                _children.Add(key, child);
                _longest.Add(None);
                _fallbacks.Add(Root);
            }

            node = child;
        }

        if (_longest[node] == None) _longest[node] = index;
    }

    // By depth: the fallback of a node is that of its parent, followed by its unit; what is found there is found here too.
    private void LinkFallbacks()
    {
        var children = _children.ToLookup(static edge => (int)(edge.Key >> 16), static edge => (Unit: (char)(edge.Key & 0xFFFF), Node: edge.Value));
        var waiting = new Queue<int>([Root]);
        while (waiting.TryDequeue(out var parent))
        {
            foreach (var (unit, node) in children[parent])
            {
                if (parent != Root) _fallbacks[node] = Follow(_fallbacks[parent], unit);
                if (_longest[node] == None) _longest[node] = _longest[_fallbacks[node]];
                waiting.Enqueue(node);
            }
        }
    }
}
