using System.Runtime.CompilerServices;

namespace Ml.Llm.Tokenization;

/// <summary>
/// Learns merges from words and how often they occur: again and again the most frequent pair of neighbouring symbols, of
/// equally frequent ones that with the smaller ids, becomes a symbol.
/// </summary>
/// <remarks>
/// All words lie in one array, a character a place. A symbol fills as many places as it has characters; its length stands
/// in its first and last place, so that both neighbours are found without links. For each pair its count and the places
/// where it was seen are kept; a merge visits only those places. Places and queue entries are not taken back when they
/// grow stale but checked when they are met: a place enters a list only when a symbol is made there, so that all lists
/// together hold at most three times as many places as there are characters.
/// </remarks>
/// <threadsafety>Belongs to one call.</threadsafety>
internal sealed class MergeLearner
{
    private const int Boundary = -1;   // before, between and after words
    private const int Inside = -2;     // a place of a symbol other than its first

    private readonly long _floor;
    private readonly int _lengthLimit;
    private readonly PairTable _pairs = new();
    private readonly PlaceArena _arena = new();
    private readonly PairQueue _queue = new();
    private readonly NeighbourChanges _before = new();
    private readonly NeighbourChanges _after = new();
    private Place[] _places;
    private int _length = 1;
    private int _symbolCount;

    /// <summary>Makes a learner without words.</summary>
    /// <param name="minFrequency">A pair that occurs less often is not merged.</param>
    /// <param name="maxTokenLength">A pair that a merge brings about must be shorter than this; null: no limit.</param>
    /// <param name="characters">About how many characters the words have.</param>
    public MergeLearner(long minFrequency, int? maxTokenLength, int characters = 0)
    {
        _floor = Math.Max(1, minFrequency);
        _lengthLimit = maxTokenLength ?? int.MaxValue;
        _places = new Place[Math.Max(16, characters)];
        _places[0] = new Place { Symbol = Boundary, Span = 1 };
    }

    /// <summary>Adds a word; all words come before the first merge.</summary>
    /// <param name="symbols">Its symbols, each one character long.</param>
    /// <param name="count">How often it occurs.</param>
    public void Add(ReadOnlySpan<int> symbols, long count)
    {
        if (symbols.Length < 2) return;   // It holds no pair.
        var end = checked(_length + symbols.Length + 1);
        if (end > _places.Length) Array.Resize(ref _places, (int)Math.Max(end, Math.Min(2L * _places.Length, Array.MaxLength)));
        foreach (var symbol in symbols)
        {
            _places[_length++] = new Place { Symbol = symbol, Span = 1, Weight = count };
            _symbolCount = Math.Max(_symbolCount, symbol + 1);
        }

        _places[_length++] = new Place { Symbol = Boundary, Span = 1 };
    }

    /// <summary>Counts the pairs of all words.</summary>
    public void CountPairs()
    {
        var places = _places.AsSpan(0, _length);
        for (var place = 1; place + 1 < places.Length; place++)
        {
            if (places[place].Symbol == Boundary || places[place + 1].Symbol == Boundary) continue;
            ref var entry = ref _pairs.FindOrAdd(PairTable.KeyOf(places[place].Symbol, places[place + 1].Symbol));
            entry.Count += places[place].Weight;
            entry.Length++;
        }

        foreach (var (key, count, length) in _pairs.Entries.Select(entry => (entry.Key, entry.Count, entry.Length)).ToList())
        {
            ref var entry = ref _pairs.Find(key);
            (entry.Start, entry.Length) = (_arena.Rent(length), 0);
            if (count >= _floor) _queue.Push(count, key);
        }

        for (var place = 1; place + 1 < places.Length; place++)
        {
            if (places[place].Symbol == Boundary || places[place + 1].Symbol == Boundary) continue;
            ref var entry = ref _pairs.Find(PairTable.KeyOf(places[place].Symbol, places[place + 1].Symbol));
            _arena.At(entry.Start, ++entry.Length)[^1] = place;
        }

        _before.MakeRoom(_symbolCount);
        _after.MakeRoom(_symbolCount);
    }

    /// <summary>The most frequent pair, if one occurs often enough.</summary>
    public bool TryNext(out int left, out int right)
    {
        while (_queue.TryPop(out var count, out var key))
        {
            ref var entry = ref _pairs.Find(key);
            if (Unsafe.IsNullRef(ref entry)) continue;
            if (entry.Count == count)
            {
                (left, right) = ((int)(key >> 32), (int)(uint)key);
                return true;
            }

            // A pair that rose stands further up in the queue as well, and was taken there.
            if (entry.Count < count && entry.Count >= _floor) _queue.Push(entry.Count, key);
        }

        (left, right) = (Boundary, Boundary);
        return false;
    }

    /// <summary>Merges a pair wherever it is.</summary>
    /// <param name="left">Its left symbol.</param>
    /// <param name="right">Its right symbol.</param>
    /// <param name="merged">The symbol that it becomes: the next new one, or one that has the same text already.</param>
    public void Merge(int left, int right, int merged)
    {
        _symbolCount = Math.Max(_symbolCount, merged + 1);
        _before.MakeRoom(_symbolCount);
        _after.MakeRoom(_symbolCount);
        var pair = PairTable.KeyOf(left, right);
        var (start, length) = (_pairs.Find(pair).Start, _pairs.Find(pair).Length);
        var seen = _arena.At(start, length);

        // In "aaa" the left occurrence of (a, a) is the one that counts.
        if (left == right) seen.Sort();
        foreach (var place in seen) MergeAt(place, left, right, merged);

        _before.AddGains(_pairs, _arena, symbol => PairTable.KeyOf(symbol, merged));
        _after.AddGains(_pairs, _arena, symbol => PairTable.KeyOf(merged, symbol));
        _before.TakeLosses(_pairs, _arena, symbol => PairTable.KeyOf(symbol, left));
        _after.TakeLosses(_pairs, _arena, symbol => PairTable.KeyOf(right, symbol));

        // Overlapping occurrences, as in "aaa", were counted down meanwhile; none is left of any kind.
        ref var entry = ref _pairs.Find(pair);
        if (!Unsafe.IsNullRef(ref entry))
        {
            _arena.Return(entry.Start, entry.Length);
            _pairs.Remove(pair);
        }

        _before.Enqueue(_pairs, _queue, _floor, symbol => PairTable.KeyOf(symbol, merged));
        _after.Enqueue(_pairs, _queue, _floor, symbol => PairTable.KeyOf(merged, symbol));
    }

    private void MergeAt(int place, int left, int right, int merged)
    {
        var places = _places;
        ref var first = ref places[place];
        if (first.Symbol != left) return;
        ref var second = ref places[place + first.Span];
        if (second.Symbol != right) return;

        var weight = first.Weight;
        var span = first.Span + second.Span;
        second.Symbol = Inside;
        (first.Symbol, first.Span) = (merged, span);
        places[place + span - 1].Span = span;

        ref readonly var last = ref places[place - 1];
        if (last.Symbol != Boundary)
        {
            var at = place - last.Span;
            var symbol = places[at].Symbol;
            _before.Lose(symbol, weight);
            if ((long)last.Span + span < _lengthLimit) _before.Gain(symbol, at, weight);
        }

        ref readonly var next = ref places[place + span];
        if (next.Symbol != Boundary)
        {
            _after.Lose(next.Symbol, weight);
            if ((long)next.Span + span < _lengthLimit) _after.Gain(next.Symbol, place, weight);
        }
    }

    private struct Place
    {
        public int Symbol;
        public int Span;
        public long Weight;
    }
}
