using System.Globalization;

namespace Ml.Llm.Tokenization;

/// <summary>What a code point is to the patterns that split text by letters, numbers and white space.</summary>
[Flags]
internal enum CharacterKind : byte
{
    /// <summary>None of letter, number and white space; marks are so too.</summary>
    Other = 0,

    /// <summary><c>\p{L}</c>.</summary>
    Letter = 1,

    /// <summary><c>\p{N}</c>.</summary>
    Number = 2,

    /// <summary><c>\s</c>.</summary>
    Space = 4,

    /// <summary>CR or LF, which are white space too.</summary>
    LineEnd = 8,

    /// <summary><c>[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]</c>: can stand at the head of a word.</summary>
    Head = 16,

    /// <summary><c>[\p{Ll}\p{Lm}\p{Lo}\p{M}]</c>: can stand at the tail of a word.</summary>
    Tail = 32,

    /// <summary>The kinds of which every code point has one or none.</summary>
    Main = Letter | Number | Space,
}

/// <summary>Looks up the kind of a code point in UTF-16 text: one load for U+0000-U+FFFF.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal static class CharacterKinds
{
    private static readonly CharacterKind[] s_basicPlane = MakeTable();

    /// <summary>The kind of the code point at a position, and how many UTF-16 units it has. A lone surrogate is Other.</summary>
    public static CharacterKind At(ReadOnlySpan<char> text, int position, out int length)
    {
        var unit = text[position];
        length = 1;
        return char.IsHighSurrogate(unit) ? AtPair(text, position, out length) : s_basicPlane[unit];
    }

    /// <summary>The end of the run of code points that are of some kinds.</summary>
    public static int EndOfRun(ReadOnlySpan<char> text, int position, CharacterKind kinds)
    {
        var table = s_basicPlane;
        while ((uint)position < (uint)text.Length)
        {
            var unit = text[position];
            if (table[unit].IsAny(kinds))
            {
                position++;
                continue;
            }

            // Surrogates are of no kind, so pairs come here.
            if (!char.IsHighSurrogate(unit) || !AtPair(text, position, out var length).IsAny(kinds)) break;
            position += length;
        }

        return position;
    }

    /// <summary>The end of the run of code points that are no letter, number or white space.</summary>
    public static int EndOfOthers(ReadOnlySpan<char> text, int position)
    {
        while (position < text.Length && !At(text, position, out var length).IsAny(CharacterKind.Main)) position += length;
        return position;
    }

    /// <summary>Whether a kind is one of some.</summary>
    public static bool IsAny(this CharacterKind kind, CharacterKind kinds) => (kind & kinds) != CharacterKind.Other;

    private static CharacterKind AtPair(ReadOnlySpan<char> text, int position, out int length)
    {
        var codePoint = CodePoints.At(text, position, out length);
        return length == 1 ? CharacterKind.Other : Of(codePoint);
    }

    private static CharacterKind Of(int codePoint) => UnicodeTables.CategoryOf(codePoint) switch
    {
        _ when UnicodeTables.IsWhiteSpace(codePoint) => codePoint is '\r' or '\n' ? CharacterKind.Space | CharacterKind.LineEnd : CharacterKind.Space,
        UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter => CharacterKind.Letter | CharacterKind.Head,
        UnicodeCategory.LowercaseLetter => CharacterKind.Letter | CharacterKind.Tail,
        UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => CharacterKind.Letter | CharacterKind.Head | CharacterKind.Tail,
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark => CharacterKind.Head | CharacterKind.Tail,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => CharacterKind.Number,
        _ => CharacterKind.Other,
    };

    private static CharacterKind[] MakeTable()
    {
        var table = new CharacterKind[char.MaxValue + 1];
        for (var unit = 0; unit < table.Length; unit++) table[unit] = Of(unit);
        return table;
    }
}
