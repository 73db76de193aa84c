using System.Runtime.CompilerServices;

namespace Ml.Llm.Tokenization;

/// <summary>
/// What one merge changes on one of its sides, gathered by the neighbouring symbol: so the table of pairs is asked once for
/// each different neighbour, not once for each place.
/// </summary>
/// <threadsafety>Belongs to one call.</threadsafety>
internal sealed class NeighbourChanges
{
    private readonly List<int> _lost = [];         // the symbols with a loss
    private readonly List<int> _gained = [];       // the symbols with a gain
    private long[] _losses = [];                   // by symbol
    private long[] _gains = [];                    // by symbol
    private int[] _counts = [];                    // by symbol: how many places it gained, later where the next one goes
    private (int Symbol, int Place)[] _places = new (int, int)[1 << 8];
    private int _placeCount;

    /// <summary>Makes room for symbols below a number.</summary>
    public void MakeRoom(int symbols)
    {
        if (symbols <= _losses.Length) return;
        var size = Math.Max(symbols, 2 * _losses.Length);
        Array.Resize(ref _losses, size);
        Array.Resize(ref _gains, size);
        Array.Resize(ref _counts, size);
    }

    /// <summary>The pair with this neighbour is gone from one place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Lose(int symbol, long weight)
    {
        if (_losses[symbol] == 0) _lost.Add(symbol);
        _losses[symbol] += weight;
    }

    /// <summary>The merged symbol has this neighbour now.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Gain(int symbol, int place, long weight)
    {
        if (_counts[symbol]++ == 0) _gained.Add(symbol);
        _gains[symbol] += weight;
        if (_placeCount == _places.Length) Array.Resize(ref _places, checked(2 * _placeCount));
        _places[_placeCount++] = (symbol, place);
    }

    /// <summary>Puts the gains into the table: counts and places.</summary>
    public void AddGains(PairTable pairs, PlaceArena arena, Func<int, ulong> keyOf)
    {
        foreach (var symbol in _gained)
        {
            ref var entry = ref pairs.FindOrAdd(keyOf(symbol));
            var (start, length, more) = (entry.Start, entry.Length, _counts[symbol]);
            var room = arena.Rent(length + more);
            arena.At(start, length).CopyTo(arena.At(room, length));
            arena.Return(start, length);
            (entry.Start, entry.Length) = (room, length + more);
            entry.Count += _gains[symbol];
            _counts[symbol] = room + length;
        }

        foreach (var (symbol, place) in _places.AsSpan(0, _placeCount)) arena.At(_counts[symbol]++, 1)[0] = place;
    }

    /// <summary>Takes the losses from the table; a pair that occurs no more is taken out.</summary>
    public void TakeLosses(PairTable pairs, PlaceArena arena, Func<int, ulong> keyOf)
    {
        foreach (var symbol in _lost)
        {
            var key = keyOf(symbol);
            ref var entry = ref pairs.Find(key);
            var loss = _losses[symbol];
            _losses[symbol] = 0;
            if (Unsafe.IsNullRef(ref entry)) continue;   // A pair that was too long was never counted.
            entry.Count -= loss;
            if (entry.Count > 0) continue;
            arena.Return(entry.Start, entry.Length);
            pairs.Remove(key);
        }

        _lost.Clear();
    }

    /// <summary>Puts the pairs that gained into the queue, and forgets the changes.</summary>
    public void Enqueue(PairTable pairs, PairQueue queue, long floor, Func<int, ulong> keyOf)
    {
        foreach (var symbol in _gained)
        {
            (_gains[symbol], _counts[symbol]) = (0, 0);
            var key = keyOf(symbol);
            ref var entry = ref pairs.Find(key);
            if (!Unsafe.IsNullRef(ref entry) && entry.Count >= floor) queue.Push(entry.Count, key);
        }

        _gained.Clear();
        _placeCount = 0;
    }
}
