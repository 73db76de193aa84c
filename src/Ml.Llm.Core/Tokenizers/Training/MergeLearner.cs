using System.Runtime.InteropServices;

namespace Ml.Llm.Tokenization;

/// <summary>
/// Learns merges from words and how often they occur: again and again the most frequent pair of neighbouring symbols, of
/// equally frequent ones that with the smaller ids, becomes a symbol.
/// </summary>
/// <remarks>
/// All words lie in one array as linked lists. For each pair its count and the places where it was seen are kept; a merge
/// visits only those places and corrects the counts of the neighbours there. Places and queue entries are not taken back
/// when they grow stale but checked when they are met.
/// </remarks>
/// <threadsafety>Belongs to one call.</threadsafety>
internal sealed class MergeLearner
{
    private const int Nowhere = -1;

    private readonly int[] _symbols;
    private readonly int[] _next;
    private readonly int[] _previous;
    private readonly long[] _weights;          // by place: how often its word occurs
    private readonly List<int> _lengths = [];  // by symbol, in characters
    private readonly int _lengthLimit;
    private readonly Dictionary<ulong, Pair> _pairs = [];
    private readonly PriorityQueue<Pair, (long Count, ulong Key)> _queue = new(Comparer<(long Count, ulong Key)>.Create(
        static (a, b) => a.Count != b.Count ? b.Count.CompareTo(a.Count) : a.Key.CompareTo(b.Key)));

    /// <summary>Lays out the words.</summary>
    /// <param name="words">Each word as symbols, with its count.</param>
    /// <param name="symbolCount">How many symbols there are at first; each is one character long.</param>
    /// <param name="maxTokenLength">A pair that a merge brings about must be shorter than this; null: no limit.</param>
    public MergeLearner(IReadOnlyCollection<(int[] Symbols, long Count)> words, int symbolCount, int? maxTokenLength)
    {
        _lengthLimit = maxTokenLength ?? int.MaxValue;
        for (var i = 0; i < symbolCount; i++) _lengths.Add(1);
        var places = checked((int)words.Sum(word => (long)word.Symbols.Length));
        (_symbols, _next, _previous, _weights) = (new int[places], new int[places], new int[places], new long[places]);
        var place = 0;
        foreach (var (symbols, count) in words)
        {
            for (var i = 0; i < symbols.Length; i++, place++)
            {
                _symbols[place] = symbols[i];
                _weights[place] = count;
                _previous[place] = i == 0 ? Nowhere : place - 1;
                _next[place] = i == symbols.Length - 1 ? Nowhere : place + 1;
                if (i > 0) Change(place - 1, symbols[i - 1], symbols[i], count);
            }
        }

        foreach (var pair in _pairs.Values) Enqueue(pair);
    }

    /// <summary>The most frequent pair, if one occurs at least as often as asked.</summary>
    public bool TryNext(long minFrequency, out int left, out int right)
    {
        while (_queue.TryDequeue(out var pair, out var priority))
        {
            if (pair.Count != priority.Count)
            {
                if (pair.Count > 0 && pair.Count < priority.Count) Enqueue(pair);
                continue;
            }

            if (pair.Count < Math.Max(1, minFrequency)) break;
            (left, right) = ((int)(pair.Key >> 32), (int)(uint)pair.Key);
            return true;
        }

        (left, right) = (Nowhere, Nowhere);
        return false;
    }

    /// <summary>Merges a pair wherever it is.</summary>
    /// <param name="left">Its left symbol.</param>
    /// <param name="right">Its right symbol.</param>
    /// <param name="merged">The symbol that it becomes: the next new one, or one that has the same text already.</param>
    public void Merge(int left, int right, int merged)
    {
        var key = KeyOf(left, right);
        var pair = _pairs[key];
        var length = _lengths[left] + _lengths[right];
        if (merged == _lengths.Count) _lengths.Add(length);

        var risen = new HashSet<Pair>();
        foreach (var place in pair.SortedPlaces())
        {
            var second = _next[place];
            if (_symbols[place] != left || second == Nowhere || _symbols[second] != right) continue;
            var weight = _weights[place];
            var (before, after) = (_previous[place], _next[second]);

            _symbols[place] = merged;
            _symbols[second] = Nowhere;
            _next[place] = after;
            if (after != Nowhere) _previous[after] = place;

            if (before != Nowhere)
            {
                Change(before, _symbols[before], left, -weight);
                if (Fits(_symbols[before], length)) risen.Add(Change(before, _symbols[before], merged, weight));
            }

            if (after != Nowhere)
            {
                Change(place, right, _symbols[after], -weight);
                if (Fits(_symbols[after], length)) risen.Add(Change(place, merged, _symbols[after], weight));
            }
        }

        // Overlapping occurrences, as in "aaa", were counted down meanwhile; none is left of any kind.
        _pairs.Remove(key);
        pair.Count = 0;
        foreach (var changed in risen) Enqueue(changed);
    }

    private static ulong KeyOf(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    private bool Fits(int symbol, int length) => _lengths[symbol] + length < _lengthLimit;

    private void Enqueue(Pair pair)
    {
        if (pair.Count > 0) _queue.Enqueue(pair, (pair.Count, pair.Key));
    }

    private Pair Change(int place, int left, int right, long weight)
    {
        var key = KeyOf(left, right);
        ref var pair = ref CollectionsMarshal.GetValueRefOrAddDefault(_pairs, key, out _);
        pair ??= new Pair(key);
        pair.Count += weight;
        if (weight > 0) pair.Add(place);
        return pair;
    }

    private sealed class Pair(ulong key)
    {
        private int[] _places = new int[2];
        private int _count;
        private bool _unsorted;

        public ulong Key { get; } = key;

        public long Count { get; set; }

        public void Add(int place)
        {
            if (_count == _places.Length) Array.Resize(ref _places, 2 * _count);
            _unsorted |= _count > 0 && place < _places[_count - 1];
            _places[_count++] = place;
        }

        public ReadOnlySpan<int> SortedPlaces()
        {
            if (_unsorted) Array.Sort(_places, 0, _count);
            return _places.AsSpan(0, _count);
        }
    }
}
