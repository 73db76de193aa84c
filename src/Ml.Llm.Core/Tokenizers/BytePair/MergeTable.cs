using System.Numerics;

namespace Ml.Llm.Tokenization;

/// <summary>
/// The merges of a byte-pair vocabulary: a pair of ids to its rank and the id of what it becomes. Open addressing in one
/// array, at most half full.
/// </summary>
/// <threadsafety>Immutable once built.</threadsafety>
internal sealed class MergeTable
{
    private const ulong Empty = ulong.MaxValue;

    private readonly (ulong Pair, int Rank, int Id)[] _slots;
    private readonly int _shift;

    /// <summary>Builds the table; of a pair that comes twice, the later rank counts, as with Hugging Face.</summary>
    public MergeTable(IReadOnlyList<(int Left, int Right, int Id)> merges)
    {
        var size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, 2L * merges.Count));
        _slots = new (ulong, int, int)[size];
        Array.Fill(_slots, (Empty, 0, 0));
        _shift = 64 - BitOperations.Log2((uint)size);
        for (var rank = 0; rank < merges.Count; rank++)
        {
            var pair = PairOf(merges[rank].Left, merges[rank].Right);
            _slots[SlotOf(pair)] = (pair, rank, merges[rank].Id);
        }
    }

    /// <summary>The rank of a pair, or <see cref="int.MaxValue"/> where it does not merge.</summary>
    public int RankOf(int left, int right, out int id)
    {
        var pair = PairOf(left, right);
        ref readonly var slot = ref _slots[SlotOf(pair)];
        id = slot.Id;
        return slot.Pair == pair ? slot.Rank : int.MaxValue;
    }

    private static ulong PairOf(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    private int SlotOf(ulong pair)
    {
        var slot = (int)((pair * 0x9E3779B97F4A7C15UL) >> _shift);
        while (_slots[slot].Pair != pair && _slots[slot].Pair != Empty) slot = (slot + 1) & (_slots.Length - 1);
        return slot;
    }
}
