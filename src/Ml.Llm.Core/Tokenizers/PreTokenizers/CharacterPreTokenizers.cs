namespace Ml.Llm.Tokenization;

/// <summary>Words and runs of what is neither word nor white space: <c>\w+|[^\w\s]+</c>.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class WhitespacePreTokenizer : IPreTokenizer
{
    private const CharacterFlags Kinds = CharacterFlags.Word | CharacterFlags.Space;

    public void Split(AlignedText text, PieceList pieces)
    {
        var units = text.Units;
        foreach (var (start, end) in pieces.TakeAll())
        {
            var range = units[..end];
            var begin = start;
            var kind = CharacterFlags.Space;
            for (var position = start; position < end;)
            {
                var next = CharacterTable.At(range, position, out var length) & Kinds;
                if (next != kind)
                {
                    if (!kind.HasAny(CharacterFlags.Space)) pieces.Add(begin, position);
                    (begin, kind) = (position, next);
                }

                position += length;
            }

            if (!kind.HasAny(CharacterFlags.Space)) pieces.Add(begin, end);
        }
    }

    public void WriteTo(JsonOutput output) => CharacterSplit.WriteType(output, "Whitespace");
}

/// <summary>What lies between white space.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class WhitespaceSplitPreTokenizer : IPreTokenizer
{
    public void Split(AlignedText text, PieceList pieces) =>
        CharacterSplit.Split(text, pieces, CharacterFlags.Space, CharacterFlags.None);

    public void WriteTo(JsonOutput output) => CharacterSplit.WriteType(output, "WhitespaceSplit");
}

/// <summary>What lies between white space, each punctuation mark alone.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class BertPreTokenizer : IPreTokenizer
{
    public void Split(AlignedText text, PieceList pieces) =>
        CharacterSplit.Split(text, pieces, CharacterFlags.Space, CharacterFlags.Punctuation);

    public void WriteTo(JsonOutput output) => CharacterSplit.WriteType(output, "BertPreTokenizer");
}

/// <summary>Splits at punctuation.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class PunctuationPreTokenizer(SplitBehavior behavior) : IPreTokenizer
{
    public void Split(AlignedText text, PieceList pieces) => CharacterSplit.Split(text, pieces, CharacterFlags.Punctuation, behavior);

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "Punctuation");
        output.Text("behavior", behavior.ToString());
        output.EndObject();
    }
}

/// <summary>Splits numbers from the rest, or each digit alone.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class DigitsPreTokenizer(bool individualDigits) : IPreTokenizer
{
    public void Split(AlignedText text, PieceList pieces) => CharacterSplit.Split(
        text, pieces, CharacterFlags.Number, individualDigits ? SplitBehavior.Isolated : SplitBehavior.Contiguous);

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "Digits");
        output.Truth("individual_digits", individualDigits);
        output.EndObject();
    }
}

/// <summary>Cuts a text every so many code points.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class FixedLengthPreTokenizer(int length) : IPreTokenizer
{
    public void Split(AlignedText text, PieceList pieces)
    {
        foreach (var (start, end) in pieces.TakeAll())
        {
            var begin = start;
            var count = 0;
            for (var position = start; position < end; position += text.LengthAt(position))
            {
                if (count++ < length) continue;
                pieces.Add(begin, position);
                (begin, count) = (position, 1);
            }

            pieces.Add(begin, end);
        }
    }

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "FixedLength");
        output.Integer("length", length);
        output.EndObject();
    }
}

/// <summary>Splitting by what single characters are.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class CharacterSplit
{
    /// <summary>Splits at the characters that have one of the flags, each a match of its own.</summary>
    public static void Split(AlignedText text, PieceList pieces, CharacterFlags matches, SplitBehavior behavior)
    {
        var units = text.Units;
        var builder = new PieceBuilder(behavior, pieces);
        foreach (var (start, end) in pieces.TakeAll())
        {
            var range = units[..end];
            var begin = start;
            for (var position = start; position < end;)
            {
                var flags = CharacterTable.At(range, position, out var length);
                if (flags.HasAny(matches))
                {
                    if (begin < position) builder.Add(begin, position, isMatch: false);
                    begin = position + length;
                    builder.Add(position, begin, isMatch: true);
                }

                position += length;
            }

            if (begin < end) builder.Add(begin, end, isMatch: false);
            builder.End();
        }
    }

    /// <summary>Splits at the characters with some flags, which vanish, and at those with others, which are pieces of their own.</summary>
    public static void Split(AlignedText text, PieceList pieces, CharacterFlags removed, CharacterFlags isolated)
    {
        var units = text.Units;
        var table = CharacterTable.BasicPlane;
        var all = removed | isolated;
        foreach (var (start, end) in pieces.TakeAll())
        {
            var range = units[..end];
            var begin = start;
            for (var position = start; position < range.Length;)
            {
                var flags = (CharacterFlags)table[range[position]];
                var length = 1;
                if (char.IsHighSurrogate(range[position])) flags = CharacterTable.At(range, position, out length);
                if (flags.HasAny(all))
                {
                    pieces.Add(begin, position);
                    begin = position + length;
                    if (!flags.HasAny(removed)) pieces.Add(position, begin);
                }

                position += length;
            }

            pieces.Add(begin, end);
        }
    }

    /// <summary>Writes a part that is its type alone.</summary>
    public static void WriteType(JsonOutput output, string type)
    {
        output.BeginObject();
        output.Text("type", type);
        output.EndObject();
    }
}
