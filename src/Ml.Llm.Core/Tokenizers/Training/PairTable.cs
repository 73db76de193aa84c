using System.Numerics;
using System.Runtime.CompilerServices;

namespace Ml.Llm.Tokenization;

/// <summary>What is known of a pair of symbols: how often it occurs, and the block of the places where it was seen.</summary>
internal struct PairEntry
{
    /// <summary>The left symbol in the upper half, the right one in the lower.</summary>
    public ulong Key;

    /// <summary>How often it occurs, over all words with their counts.</summary>
    public long Count;

    /// <summary>Where its places begin in the <see cref="PlaceArena"/>.</summary>
    public int Start;

    /// <summary>How many places there are; some may be stale.</summary>
    public int Length;
}

/// <summary>The pairs, by their symbols: open addressing with the entries in the slots, one cache miss a look-up.</summary>
/// <threadsafety>Belongs to one call.</threadsafety>
internal sealed class PairTable
{
    private const ulong Empty = ulong.MaxValue;

    private PairEntry[] _slots;
    private int _shift;
    private int _count;

    /// <summary>Makes an empty table.</summary>
    public PairTable()
    {
        _slots = NewSlots(1 << 12);
        _shift = 64 - 12;
    }

    /// <summary>The pairs, in no order.</summary>
    public IEnumerable<PairEntry> Entries => _slots.Where(entry => entry.Key != Empty);

    /// <summary>The key of two symbols; it grows with the left one, then with the right one.</summary>
    public static ulong KeyOf(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    /// <summary>The entry of a pair, or a null reference; good until a pair is added or removed.</summary>
    public ref PairEntry Find(ulong key)
    {
        ref var entry = ref _slots[SlotOf(key)];
        return ref entry.Key == key ? ref entry : ref Unsafe.NullRef<PairEntry>();
    }

    /// <summary>The entry of a pair, made empty where there is none; good until a pair is added or removed.</summary>
    public ref PairEntry FindOrAdd(ulong key)
    {
        var slot = SlotOf(key);
        if (_slots[slot].Key == Empty)
        {
            if (3L * ++_count > 2L * _slots.Length)
            {
                Grow();
                slot = SlotOf(key);
            }

            _slots[slot].Key = key;
        }

        return ref _slots[slot];
    }

    /// <summary>Takes a pair out; entries behind it move up, so that no trace of it is left.</summary>
    public void Remove(ulong key)
    {
        var hole = SlotOf(key);
        if (_slots[hole].Key != key) return;
        _count--;
        var mask = _slots.Length - 1;
        for (var slot = (hole + 1) & mask; _slots[slot].Key != Empty; slot = (slot + 1) & mask)
        {
            // An entry may move to the hole unless its own first slot lies between the two.
            if (((slot - HomeOf(_slots[slot].Key)) & mask) < ((slot - hole) & mask)) continue;
            _slots[hole] = _slots[slot];
            hole = slot;
        }

        _slots[hole] = new PairEntry { Key = Empty };
    }

    private static PairEntry[] NewSlots(int size)
    {
        var slots = new PairEntry[size];
        Array.Fill(slots, new PairEntry { Key = Empty });
        return slots;
    }

    private int HomeOf(ulong key) => (int)((key * 0x9E3779B97F4A7C15UL) >> _shift);

    private int SlotOf(ulong key)
    {
        var slot = HomeOf(key);
        while (_slots[slot].Key != key && _slots[slot].Key != Empty) slot = (slot + 1) & (_slots.Length - 1);
        return slot;
    }

    private void Grow()
    {
        var before = _slots;
        _slots = NewSlots(checked(2 * before.Length));
        _shift = 64 - BitOperations.Log2((uint)_slots.Length);
        foreach (ref readonly var entry in before.AsSpan())
        {
            if (entry.Key != Empty) _slots[SlotOf(entry.Key)] = entry;
        }
    }
}
