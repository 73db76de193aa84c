using System.Runtime.InteropServices;
using Microsoft.ML.Tokenizers;
using Ml.Llm.Tokenization;

namespace Ml.Llm;

public sealed partial class LanguageModelTokenizer
{
    private const int MostKeptIds = 1 << 16;

    [ThreadStatic] private static List<int>? t_ids;

    /// <inheritdoc/>
    protected override EncodeResults<EncodedToken> EncodeToTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        var room = RoomFor(settings.MaxTokenCount);
        if (room < 0) return new EncodeResults<EncodedToken> { Tokens = [] };
        var tokens = FirstTokens(textSpan, settings, room, out var consumed);
        var encoding = new EncodingDraft(Pipeline, Plan, [tokens], [TokenWindows.Whole(tokens.Count)]).Build(0, default);
        var results = new EncodedToken[encoding.Ids.Count];
        for (var i = 0; i < results.Length; i++)
            results[i] = new EncodedToken(encoding.Ids[i], encoding.Tokens[i], new Range(encoding.Offsets[2 * i], encoding.Offsets[(2 * i) + 1]));
        return new EncodeResults<EncodedToken> { Tokens = results, CharsConsumed = consumed };
    }

    /// <inheritdoc/>
    protected override EncodeResults<int> EncodeToIds(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        if (settings.MaxTokenCount == int.MaxValue)
        {
            return new EncodeResults<int> { Tokens = EncodeWhole(textSpan, settings), CharsConsumed = textSpan.Length };
        }

        var room = RoomFor(settings.MaxTokenCount);
        if (room < 0) return new EncodeResults<int> { Tokens = [] };
        var tokens = FirstTokens(textSpan, settings, room, out var consumed);
        var sequence = new int[tokens.Count];
        for (var i = 0; i < sequence.Length; i++) sequence[i] = tokens[i].Id;
        var framed = new List<int>();
        Plan.Frame(sequence, framed);
        return new EncodeResults<int> { Tokens = framed, CharsConsumed = consumed };
    }

    /// <inheritdoc/>
    protected override int CountTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        if (settings.MaxTokenCount != int.MaxValue) return EncodeToIds(text, textSpan, settings).Tokens.Count;
        var ids = Borrow();
        EncodePlain(textSpan, settings, ids);
        var count = Plan.SpecialCount + (Plan.SequenceCount * ids.Count);
        Return(ids);
        return count;
    }

    /// <inheritdoc/>
    protected override int GetIndexByTokenCount(
        string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings, bool fromEnd, out string? normalizedText, out int tokenCount)
    {
        // Places are those of the text itself.
        normalizedText = null;
        tokenCount = 0;
        var room = RoomFor(settings.MaxTokenCount);
        if (room < 0) return fromEnd ? textSpan.Length : 0;
        var tokens = fromEnd ? LastTokens(textSpan, settings, room, out var index) : FirstTokens(textSpan, settings, room, out index);
        tokenCount = Plan.SpecialCount + (Plan.SequenceCount * tokens.Count);
        return index;
    }

    /// <summary>Adds the ids of a text to a list: the fast way. No token is put around it, special text is text.</summary>
    internal void EncodeInto(ReadOnlySpan<char> text, List<int> ids) => Pipeline.Encode(text, parseSpecialTokens: false, preTokenize: true, ids);

    private EncodingPlan Plan => _plans[1];

    private void EncodePlain(ReadOnlySpan<char> text, EncodeSettings settings, List<int> ids) =>
        Pipeline.Encode(text, parseSpecialTokens: false, settings.ConsiderPreTokenization, ids, settings.ConsiderNormalization);

    /// <summary>The ids with the special ones around, in a list of just their size: what is handed out is all that is allocated.</summary>
    private List<int> EncodeWhole(ReadOnlySpan<char> text, EncodeSettings settings)
    {
        var sequence = Borrow();
        EncodePlain(text, settings, sequence);
        var ids = new List<int>(Plan.SpecialCount + (Plan.SequenceCount * sequence.Count));
        Plan.Frame(CollectionsMarshal.AsSpan(sequence), ids);
        Return(sequence);
        return ids;
    }

    /// <summary>An empty list to work in, the thread's own unless it is lent already.</summary>
    private static List<int> Borrow()
    {
        var ids = t_ids ?? [];
        t_ids = null;
        ids.Clear();
        return ids;
    }

    /// <summary>Keeps a list for the thread's next text. A very long one is left to the collector.</summary>
    private static void Return(List<int> ids)
    {
        if (ids.Capacity <= MostKeptIds) t_ids = ids;
    }

    /// <summary>How many tokens of a text there is room for beside the special ones; -1 where not even those fit.</summary>
    private int RoomFor(int most)
    {
        if (most == int.MaxValue) return most;
        if (most < Plan.SpecialCount) return -1;
        return Plan.SequenceCount == 0 ? int.MaxValue : (most - Plan.SpecialCount) / Plan.SequenceCount;
    }

    /// <summary>At most so many tokens, cut where a character ends, and the length of the text that they are.</summary>
    private List<DetailedToken> FirstTokens(ReadOnlySpan<char> text, EncodeSettings settings, int most, out int consumed)
    {
        var tokens = Pipeline.EncodeDetailed(text, parseSpecialTokens: false, settings.ConsiderPreTokenization, most, settings.ConsiderNormalization);
        consumed = text.Length;
        if (tokens.Count <= most) return tokens;

        var kept = most;
        while (kept > 0 && tokens[kept - 1].EndsInside) kept--;
        consumed = kept == 0 ? 0 : tokens[kept - 1].End;
        tokens.RemoveRange(kept, tokens.Count - kept);
        return tokens;
    }

    /// <summary>At most so many tokens of the end, cut where a character begins, and where they begin in the text.</summary>
    private List<DetailedToken> LastTokens(ReadOnlySpan<char> text, EncodeSettings settings, int most, out int start)
    {
        var tokens = Pipeline.EncodeDetailed(text, parseSpecialTokens: false, settings.ConsiderPreTokenization, normalize: settings.ConsiderNormalization);
        start = 0;
        if (tokens.Count <= most) return tokens;

        var first = tokens.Count - most;
        while (first < tokens.Count && tokens[first - 1].EndsInside) first++;
        start = first == tokens.Count ? text.Length : tokens[first].Start;
        tokens.RemoveRange(0, first);
        return tokens;
    }
}
