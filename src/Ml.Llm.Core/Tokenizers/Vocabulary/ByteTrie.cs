namespace Ml.Llm.Tokenization;

/// <summary>
/// A trie of byte strings in one array (a double array): the child of a node by a byte lies at the node's base with that
/// byte's bits turned over, if the slot there says that this node is its parent.
/// </summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class ByteTrie
{
    /// <summary>What a step gives where there is no such child, and the value of a node that ends no string.</summary>
    public const int None = -1;

    /// <summary>The node to begin at.</summary>
    public const int Root = 0;

    private readonly Slot[] _slots;

    private ByteTrie(Slot[] slots) => _slots = slots;

    /// <summary>Builds a trie of tokens, by their UTF-8 bytes; an empty token is left out, of equal ones the last counts.</summary>
    /// <param name="tokens">The tokens, each with a value of 0 or more.</param>
    public static ByteTrie Of(IEnumerable<KeyValuePair<string, int>> tokens) => new(ByteTrieBuilder.Build(tokens));

    /// <summary>The child of a node by a byte, or <see cref="None"/>.</summary>
    public int Step(int node, byte value)
    {
        var child = _slots[node].Base ^ value;
        return _slots[child].Parent == node ? child : None;
    }

    /// <summary>The value of the string that ends at a node, or <see cref="None"/>.</summary>
    public int ValueAt(int node) => _slots[node].Value;

    /// <summary>The node that some bytes lead to, or <see cref="None"/>.</summary>
    public int Walk(int node, ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
        {
            node = Step(node, value);
            if (node == None) break;
        }

        return node;
    }

    /// <summary>The value of a whole string, or <see cref="None"/>.</summary>
    public int Find(ReadOnlySpan<byte> bytes)
    {
        var node = Walk(Root, bytes);
        return node == None ? None : ValueAt(node);
    }

    /// <summary>A node of the trie, or an empty slot.</summary>
    internal struct Slot
    {
        public int Base;
        public int Parent;
        public int Value;
    }
}
