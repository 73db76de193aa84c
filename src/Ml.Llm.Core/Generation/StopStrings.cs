using Microsoft.ML.Tokenizers;

namespace Ml.Llm.Generation;

/// <summary>Finds out whether a stop string ends inside the newest token of a row.</summary>
/// <remarks>
/// The string may begin in any token before, the prompt's included; one that ended earlier does not count. Only as many of
/// the newest tokens are decoded as such a string can span.
/// </remarks>
/// <threadsafety>Safe from several threads where the tokenizer is.</threadsafety>
internal sealed class StopStrings
{
    // Tokens before the longest string's own: a character cut in two at the window's edge must not reach into it.
    private const int Margin = 8;
    private readonly Tokenizer tokenizer;
    private readonly IReadOnlyList<string> strings;
    private readonly int window;

    internal StopStrings(Tokenizer tokenizer, IReadOnlyList<string> strings)
    {
        this.tokenizer = tokenizer;
        this.strings = strings;
        window = strings.Max(static text => System.Text.Encoding.UTF8.GetByteCount(text)) + Margin;
    }

    /// <summary>Whether a stop string ends inside the last token.</summary>
    /// <param name="tokens">The row's tokens so far, prompt included.</param>
    internal bool EndsIn(List<int> tokens)
    {
        var recent = tokens.GetRange(Math.Max(0, tokens.Count - window), Math.Min(window, tokens.Count));
        var text = tokenizer.Decode(recent) ?? "";
        recent.RemoveAt(recent.Count - 1);
        // A character that the last token completes shows as a replacement character before it.
        var before = (tokenizer.Decode(recent) ?? "").TrimEnd('\uFFFD').Length;
        foreach (var stop in strings)
        {
            var from = Math.Max(0, before - stop.Length + 1);
            if (from <= text.Length && text.IndexOf(stop, from, StringComparison.Ordinal) >= 0)
                return true;
        }

        return false;
    }
}
