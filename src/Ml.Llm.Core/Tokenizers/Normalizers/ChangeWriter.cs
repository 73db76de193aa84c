namespace Ml.Llm.Tokenization;

/// <summary>
/// Writes characters with Hugging Face's account of changes, which alone decides about their places: 0 is in the place of
/// the next character of the source, -n likewise and skips n characters behind it, 1 shares the place of the one before.
/// </summary>
/// <remarks>
/// The account need not tell where a character really comes from: marks that change their order, and what vanishes at the
/// very beginning of a text, shift it. Offsets are to be equal to Hugging Face's all the same.
/// </remarks>
/// <threadsafety>Belongs to one thread at a time.</threadsafety>
internal ref struct ChangeWriter(AlignedText text, int from)
{
    private int _next = from;

    /// <summary>Writes a code point.</summary>
    public void Write(int codePoint, int change)
    {
        if (change > 0)
        {
            text.Put(codePoint, _next - 1);
            return;
        }

        text.Put(codePoint, Math.Min(_next, text.Length - 1));
        for (var skipped = change; skipped <= 0 && _next < text.Length; skipped++) _next += text.LengthAt(_next);
    }

    /// <summary>Writes a part of the text as it is, each character in the place of the next.</summary>
    public void Keep(int from, int to)
    {
        if (_next == from)
        {
            text.Keep(from, to);
            _next = to;
            return;
        }

        for (; from < to; from += text.LengthAt(from)) Write(text.CodePointAt(from), 0);
    }
}
