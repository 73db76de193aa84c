using System.Collections;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Ml.Llm.Tokenization;

/// <summary>
/// All that an encoding is made of: the tokens of its sequences, their windows, and the plan of the post-processor. The
/// encoding itself and what overflows are made from it.
/// </summary>
/// <threadsafety>Immutable once it is made.</threadsafety>
internal sealed class EncodingDraft(TokenizerPipeline pipeline, EncodingPlan plan, List<DetailedToken>[] sequences, TokenWindows[] windows)
{
    /// <summary>How many tokens the encoding has before padding.</summary>
    public int Length => LengthOf(new int[plan.Groups.Count]);

    /// <summary>The encoding.</summary>
    /// <param name="padTo">To how many tokens it is padded.</param>
    /// <param name="pad">What pads it.</param>
    public TokenEncoding Build(int padTo, PadToken pad)
    {
        var overflow = plan.Groups.Aggregate(1L, (count, group) => checked(count * CountOf(group))) - 1;
        return Build(new int[plan.Groups.Count], padTo, pad, overflow == 0 ? [] : new Overflow(this, overflow, padTo, pad));
    }

    private TokenEncoding Build(int[] choice, int padTo, PadToken pad, IReadOnlyList<TokenEncoding> overflowing)
    {
        var length = LengthOf(choice);
        var lists = new TokenLists(Math.Max(length, padTo));
        var filled = Math.Max(padTo - length, 0);
        var at = pad.Direction == PaddingDirection.Left ? filled : 0;
        if (filled > 0 && pad.Direction == PaddingDirection.Left) lists.Fill(0, filled, pad);
        for (var i = 0; i < plan.Groups.Count; i++)
        {
            foreach (var piece in plan.Groups[i])
            {
                var typeId = choice[i] == 0 ? piece.TypeId : piece.OverflowTypeId;
                if (piece.IsSequence) AddSequence(lists, ref at, piece, choice[i], typeId);
                else AddSpecial(lists, ref at, piece, typeId);
            }
        }

        if (filled > 0 && pad.Direction == PaddingDirection.Right) lists.Fill(at, at + filled, pad);
        return new TokenEncoding(lists, overflowing);
    }

    private void AddSequence(TokenLists lists, ref int at, PlanPiece piece, int window, int typeId)
    {
        var (first, last) = windows[piece.Sequence].At(window);
        var tokens = CollectionsMarshal.AsSpan(sequences[piece.Sequence])[first..last];
        for (var i = 0; i < tokens.Length; i++)
        {
            ref readonly var token = ref tokens[i];
            var spelled = token.Text ?? pipeline.TokenOf(token.Id) ?? "";
            var (start, end) = (token.Start, token.End);
            foreach (var trim in piece.Trims) OffsetTrimming.Apply(trim, spelled, i, ref start, ref end);
            lists.SetToken(at++, token.Id, spelled, start, end, token.Word, piece, typeId);
        }
    }

    private static void AddSpecial(TokenLists lists, ref int at, PlanPiece piece, int typeId)
    {
        for (var i = 0; i < piece.Ids.Count; i++) lists.SetSpecial(at++, piece.Ids[i], piece.Tokens[i], typeId, piece.SequenceId);
    }

    private int LengthOf(int[] choice)
    {
        var length = 0;
        for (var i = 0; i < plan.Groups.Count; i++)
        {
            foreach (var piece in plan.Groups[i])
            {
                var (first, last) = piece.IsSequence ? windows[piece.Sequence].At(choice[i]) : (0, piece.Ids.Count);
                length = checked(length + last - first);
            }
        }

        return length;
    }

    private int CountOf(PlanPiece[] group)
    {
        foreach (var piece in group)
            if (piece.IsSequence)
                return windows[piece.Sequence].Count;
        return 1;
    }

    /// <summary>
    /// Which window each group has in an encoding of the overflow. Groups are joined from the left: each of what overflowed
    /// so far, and last the first windows, with each window of the group that comes.
    /// </summary>
    private int[] Choose(long index)
    {
        var choice = new int[plan.Groups.Count];
        var total = plan.Groups.Aggregate(1L, (count, group) => count * CountOf(group));
        for (var i = plan.Groups.Count - 1; i >= 0 && index < total - 1; i--)
        {
            var count = CountOf(plan.Groups[i]);
            var before = total / count;
            if (index < (before - 1) * count)
            {
                choice[i] = (int)(index % count);
                index /= count;
            }
            else
            {
                choice[i] = (int)(index - ((before - 1) * count) + 1);
                index = before - 1;
            }

            total = before;
        }

        return choice;
    }

    /// <summary>The encodings that overflow, made when they are asked for.</summary>
    private sealed class Overflow(EncodingDraft draft, long count, int padTo, PadToken pad) : IReadOnlyList<TokenEncoding>
    {
        public int Count => count <= int.MaxValue
            ? (int)count
            : throw new OverflowException(string.Create(CultureInfo.InvariantCulture, $"{count} windows overflow, more than a list can count. Take longer windows."));

        public TokenEncoding this[int index]
        {
            get
            {
                ArgumentOutOfRangeException.ThrowIfNegative(index);
                ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, count);
                return draft.Build(draft.Choose(index), padTo, pad, []);
            }
        }

        public IEnumerator<TokenEncoding> GetEnumerator()
        {
            for (var i = 0L; i < count; i++) yield return draft.Build(draft.Choose(i), padTo, pad, []);
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
