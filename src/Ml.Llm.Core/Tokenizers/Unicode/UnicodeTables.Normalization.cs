using System.Text;

namespace Ml.Llm.Tokenization;

/// <summary>Decomposition and composition, of the characters that Unicode 9.0 had.</summary>
internal static partial class UnicodeTables
{
    /// <summary>The most code points that one decomposes into.</summary>
    public const int LongestDecomposition = 18;

    private const int SyllableBase = 0xAC00;
    private const int LeadBase = 0x1100;
    private const int VowelBase = 0x1161;
    private const int TailBase = 0x11A7;
    private const int LeadCount = 19;
    private const int VowelCount = 21;
    private const int TailCount = 28;
    private const int SyllableCount = LeadCount * VowelCount * TailCount;

    private static readonly TwoStageTable<ushort> s_decompositionOf;

    // Entry i has its canonical decomposition at [canonicalStart[i], compatibleStart[i]), then its compatibility one.
    private static readonly int[] s_decompositionParts;
    private static readonly int[] s_canonicalStart;
    private static readonly int[] s_compatibleStart;

    // Open addressing; the keys are first << 32 | second, 0 where free.
    private static readonly ulong[] s_compositionKeys;
    private static readonly int[] s_compositionValues;

    /// <summary>The canonical combining class: 0 for all that starts a character.</summary>
    public static int CombiningClassOf(int codePoint) => (int)(s_properties[codePoint] >> CombiningShift & 0xFF);

    /// <summary>
    /// Whether a form leaves a code point as it is and where it is, whatever its neighbours are. A text of such code points
    /// alone is in that form.
    /// </summary>
    public static bool IsStable(NormalizationForm form, int codePoint)
    {
        var bit = form switch
        {
            NormalizationForm.FormC => 0,
            NormalizationForm.FormD => 1,
            NormalizationForm.FormKC => 2,
            NormalizationForm.FormKD => 3,
            _ => throw new ArgumentOutOfRangeException(nameof(form), form, "There is no such form."),
        };
        return (s_properties[codePoint] >> (FormShift + bit) & 1) == 0;
    }

    /// <summary>The full decomposition of a code point, in canonical order; the code point itself where it has none.</summary>
    /// <param name="codePoint">The code point.</param>
    /// <param name="compatibility">Whether to follow compatibility mappings (NFKC, NFKD) too.</param>
    /// <param name="into">Room for <see cref="LongestDecomposition"/> code points.</param>
    /// <returns>How many code points there are.</returns>
    public static int Decompose(int codePoint, bool compatibility, Span<int> into)
    {
        if ((uint)(codePoint - SyllableBase) < SyllableCount) return DecomposeSyllable(codePoint - SyllableBase, into);
        var entry = s_decompositionOf[codePoint];
        if (entry != 0)
        {
            var (start, end) = compatibility
                ? (s_compatibleStart[entry - 1], s_canonicalStart[entry])
                : (s_canonicalStart[entry - 1], s_compatibleStart[entry - 1]);
            if (start < end)
            {
                s_decompositionParts.AsSpan(start, end - start).CopyTo(into);
                return end - start;
            }
        }

        into[0] = codePoint;
        return 1;
    }

    /// <summary>The code point that two compose into, or -1.</summary>
    public static int Compose(int first, int second)
    {
        if (second < 0x300) return -1;
        if ((uint)(first - LeadBase) < LeadCount && (uint)(second - VowelBase) < VowelCount)
            return SyllableBase + ((first - LeadBase) * VowelCount + second - VowelBase) * TailCount;
        if ((uint)(first - SyllableBase) < SyllableCount && (first - SyllableBase) % TailCount == 0
            && (uint)(second - TailBase - 1) < TailCount - 1)
            return first + second - TailBase;

        var key = (ulong)(uint)first << 32 | (uint)second;
        for (var slot = SlotOf(key, s_compositionKeys.Length); s_compositionKeys[slot] != 0; slot = slot + 1 & s_compositionKeys.Length - 1)
        {
            if (s_compositionKeys[slot] == key) return s_compositionValues[slot];
        }

        return -1;
    }

    private static int DecomposeSyllable(int syllable, Span<int> into)
    {
        into[0] = LeadBase + syllable / (VowelCount * TailCount);
        into[1] = VowelBase + syllable / TailCount % VowelCount;
        var tail = syllable % TailCount;
        if (tail == 0) return 2;
        into[2] = TailBase + tail;
        return 3;
    }

    private static (int[] Parts, int[] CanonicalStart, int[] CompatibleStart) ReadDecompositions(UnicodeData data)
    {
        var count = data.Number();
        var (canonicalStart, compatibleStart) = (new int[count + 1], new int[count]);
        var parts = new List<int>(count * 4);
        for (var entry = 0; entry < count; entry++)
        {
            canonicalStart[entry] = parts.Count;
            ReadParts();
            compatibleStart[entry] = parts.Count;
            ReadParts();
        }

        canonicalStart[count] = parts.Count;
        return ([.. parts], canonicalStart, compatibleStart);

        void ReadParts()
        {
            for (var left = data.Number(); left > 0; left--) parts.Add(data.Number());
        }
    }

    private static (ulong[] Keys, int[] Values) ReadCompositions(UnicodeData data)
    {
        var count = data.Number();
        var size = 1;
        while (size < count * 2) size *= 2;
        var (keys, values) = (new ulong[size], new int[size]);
        var first = 0;
        for (var i = 0; i < count; i++)
        {
            first += data.Number();
            var key = (ulong)(uint)first << 32 | (uint)data.Number();
            var slot = SlotOf(key, size);
            while (keys[slot] != 0) slot = slot + 1 & size - 1;
            (keys[slot], values[slot]) = (key, data.Number());
        }

        return (keys, values);
    }

    /// <summary>Where to look first for a key in a table whose size is a power of two.</summary>
    private static int SlotOf(ulong key, int size) => (int)(key * 0x9E3779B97F4A7C15 >> 40) & size - 1;
}
