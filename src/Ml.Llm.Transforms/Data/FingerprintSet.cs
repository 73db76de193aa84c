namespace Ml.Llm.Data;

/// <summary>
/// A set of fingerprints that takes 16 bytes each and little more: open addressing, at most nine slots of ten in use, grown by half.
/// </summary>
/// <threadsafety>One thread at a time.</threadsafety>
internal sealed class FingerprintSet
{
    private UInt128[] slots = new UInt128[64];
    private bool holdsZero; // zero marks a free slot

    /// <summary>How many fingerprints are in the set.</summary>
    public long Count { get; private set; }

    /// <summary>The bytes that the set takes.</summary>
    public long Bytes => 16L * slots.LongLength;

    /// <summary>Puts a fingerprint in.</summary>
    /// <returns>Whether it was new.</returns>
    public bool Add(UInt128 fingerprint)
    {
        if (fingerprint == 0)
        {
            var isNew = !holdsZero;
            holdsZero = true;
            Count += isNew ? 1 : 0;
            return isNew;
        }

        if (Count >= slots.LongLength / 10 * 9)
            Grow();
        if (!Place(slots, fingerprint))
            return false;
        Count++;
        return true;
    }

    private static bool Place(UInt128[] slots, UInt128 fingerprint)
    {
        // The upper half of the product spreads a 64-bit hash over a table of any length.
        var index = (long)Math.BigMul((ulong)fingerprint, (ulong)slots.LongLength, out _);
        while (slots[index] != 0)
        {
            if (slots[index] == fingerprint)
                return false;
            index = index + 1 == slots.LongLength ? 0 : index + 1;
        }

        slots[index] = fingerprint;
        return true;
    }

    private void Grow()
    {
        var length = slots.LongLength + (slots.LongLength / 2);
        if (length > Array.MaxLength)
            throw new LlmException("More than two thousand million distinct texts: split the data into parts and remove duplicates in each.");
        var grown = new UInt128[length];
        foreach (var fingerprint in slots)
        {
            if (fingerprint != 0)
                Place(grown, fingerprint);
        }

        slots = grown;
    }
}
