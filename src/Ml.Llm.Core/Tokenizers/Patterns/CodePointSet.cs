using System.Collections.Immutable;

namespace Ml.Llm.Tokenization;

/// <summary>A set of code points as sorted ranges that neither touch nor overlap.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class CodePointSet : IEquatable<CodePointSet>
{
    // Pairs of first and last.
    private readonly ImmutableArray<int> _ends;

    private CodePointSet(ImmutableArray<int> ends) => _ends = ends;

    public static CodePointSet Empty { get; } = new([]);

    public static CodePointSet All { get; } = Range(0, CodePoints.Largest);

    /// <summary>The first and last code point of each range, in order.</summary>
    public ReadOnlySpan<int> Ends => _ends.AsSpan();

    public static CodePointSet Range(int first, int last) => new([first, last]);

    public static CodePointSet Of(params ReadOnlySpan<int> codePoints)
    {
        var ranges = new List<(int, int)>(codePoints.Length);
        foreach (var codePoint in codePoints) ranges.Add((codePoint, codePoint));
        return OfRanges(ranges);
    }

    /// <summary>The code points of which something is true.</summary>
    public static CodePointSet Where(Func<int, bool> isMember)
    {
        var ends = ImmutableArray.CreateBuilder<int>();
        var first = -1;
        for (var codePoint = 0; codePoint <= CodePoints.Largest + 1; codePoint++)
        {
            var inside = codePoint <= CodePoints.Largest && isMember(codePoint);
            if (inside == first >= 0) continue;
            if (!inside) ends.AddRange(first, codePoint - 1);
            first = inside ? codePoint : -1;
        }

        return new CodePointSet(ends.ToImmutable());
    }

    /// <summary>The union of ranges in any order; sorts the list.</summary>
    public static CodePointSet OfRanges(List<(int First, int Last)> ranges)
    {
        ranges.Sort();
        var ends = ImmutableArray.CreateBuilder<int>(ranges.Count * 2);
        foreach (var (first, last) in ranges)
        {
            if (ends.Count > 0 && first <= ends[^1] + 1) ends[^1] = Math.Max(ends[^1], last);
            else ends.AddRange(first, last);
        }

        return new CodePointSet(ends.ToImmutable());
    }

    public bool Contains(int codePoint)
    {
        var (low, high) = (0, _ends.Length / 2 - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (codePoint < _ends[middle * 2]) high = middle - 1;
            else if (codePoint > _ends[middle * 2 + 1]) low = middle + 1;
            else return true;
        }

        return false;
    }

    /// <summary>The only member; -1 where there are none or more.</summary>
    public int Single => _ends.Length == 2 && _ends[0] == _ends[1] ? _ends[0] : -1;

    public bool Equals(CodePointSet? other) => other is not null && Ends.SequenceEqual(other.Ends);

    public override bool Equals(object? obj) => Equals(obj as CodePointSet);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var end in _ends) hash.Add(end);
        return hash.ToHashCode();
    }

    public CodePointSet Union(CodePointSet other)
    {
        var ranges = new List<(int, int)>((_ends.Length + other._ends.Length) / 2);
        AddTo(ranges);
        other.AddTo(ranges);
        return OfRanges(ranges);
    }

    public CodePointSet Complement()
    {
        var ends = ImmutableArray.CreateBuilder<int>(_ends.Length + 2);
        var next = 0;
        for (var i = 0; i < _ends.Length; i += 2)
        {
            if (next < _ends[i]) ends.AddRange(next, _ends[i] - 1);
            next = _ends[i + 1] + 1;
        }

        if (next <= CodePoints.Largest) ends.AddRange(next, CodePoints.Largest);
        return new CodePointSet(ends.ToImmutable());
    }

    public CodePointSet Intersect(CodePointSet other) => Complement().Union(other.Complement()).Complement();

    /// <summary>This set with all that differs from a member by case alone (simple case folding).</summary>
    public CodePointSet WithCaseVariants()
    {
        var ranges = new List<(int, int)>();
        AddTo(ranges);
        foreach (var variants in CaseVariants.Groups.Values)
        {
            if (!variants.Any(Contains)) continue;
            foreach (var variant in variants) ranges.Add((variant, variant));
        }

        return OfRanges(ranges);
    }

    /// <summary>A code point with all that differs from it by case alone.</summary>
    public static CodePointSet CaseVariantsOf(int codePoint) =>
        CaseVariants.Groups.TryGetValue(UnicodeTables.FoldOf(codePoint), out var variants) ? Of(variants) : Of(codePoint);

    public void AddTo(List<(int First, int Last)> ranges)
    {
        for (var i = 0; i < _ends.Length; i += 2) ranges.Add((_ends[i], _ends[i + 1]));
    }

    /// <summary>The groups of code points that simple case folding makes equal, by what they fold to.</summary>
    private static class CaseVariants
    {
        public static Dictionary<int, int[]> Groups { get; } = Enumerable.Range(0, CodePoints.Largest + 1)
            .Where(static codePoint => UnicodeTables.FoldOf(codePoint) != codePoint)
            .GroupBy(UnicodeTables.FoldOf)
            .ToDictionary(static group => group.Key, static group => group.Append(group.Key).ToArray());
    }
}
