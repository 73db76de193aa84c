using System.Globalization;
using System.Text;

namespace Ml.Llm.Tokenization.Jinja;

/// <summary>The tokens inside tags: numbers, names, quoted texts and operators.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class InnerTokens
{
    private static readonly string[] s_operators =
        ["//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";"];

    /// <summary>The token at a place, and the place behind it.</summary>
    public static (TemplateToken Token, int Next) Read(string text, int at, Func<int, Position> positionOf)
    {
        var first = text[at];
        if (char.IsAsciiDigit(first)) return Number(text, at, positionOf);
        if (first is '"' or '\'') return Quoted(text, at, positionOf);
        var end = NameEnd(text, at);
        if (end > at)
        {
            Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out _);
            if (!TextClasses.IsIdentifierStart(rune)) throw new TemplateSyntaxException(positionOf(at), "Invalid character in identifier");
            return (new TemplateToken(TokenKind.Name, text[at..end], positionOf(at)), end);
        }

        foreach (var sign in s_operators)
            if (text.AsSpan(at).StartsWith(sign))
                return (new TemplateToken(TokenKind.Operator, sign, positionOf(at)), at + sign.Length);
        throw new TemplateSyntaxException(positionOf(at), $"unexpected char '{first}'");
    }

    private static int NameEnd(string text, int at)
    {
        while (at < text.Length && Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out var length) == System.Buffers.OperationStatus.Done
            && TextClasses.IsIdentifierPart(rune))
            at += length;
        return at;
    }

    private static (TemplateToken Token, int Next) Number(string text, int at, Func<int, Position> positionOf)
    {
        if (text[at] == '0' && at + 1 < text.Length && char.ToLowerInvariant(text[at + 1]) is 'x' or 'o' or 'b')
        {
            var radix = char.ToLowerInvariant(text[at + 1]);
            var digits = DigitsEnd(text, at + 2, c => radix switch { 'x' => char.IsAsciiHexDigit(c), 'o' => c is >= '0' and <= '7', _ => c is '0' or '1' }, mayBeginWithLine: true);
            if (digits > at + 2) return (new TemplateToken(TokenKind.Integer, Plain(text[at..digits]), positionOf(at)), digits);
        }

        // What follows a dot, as in x.0.1, is an index and no fraction.
        var isIndex = at > 0 && text[at - 1] == '.';
        var end = DigitsEnd(text, at, char.IsAsciiDigit);
        var whole = end;
        if (!isIndex)
        {
            if (end + 1 < text.Length && text[end] == '.' && char.IsAsciiDigit(text[end + 1])) end = DigitsEnd(text, end + 1, char.IsAsciiDigit);
            if (end < text.Length && text[end] is 'e' or 'E')
            {
                var exponent = end + 1 < text.Length && text[end + 1] is '+' or '-' ? end + 2 : end + 1;
                if (exponent < text.Length && char.IsAsciiDigit(text[exponent])) end = DigitsEnd(text, exponent, char.IsAsciiDigit);
            }

            if (end > whole) return (new TemplateToken(TokenKind.Float, Plain(text[at..end]), positionOf(at)), end);
        }

        // A whole number that begins with 0 is 0 alone: what follows is a token of its own.
        if (text[at] == '0') whole = DigitsEnd(text, at, static c => c == '0');
        return (new TemplateToken(TokenKind.Integer, Plain(text[at..whole]), positionOf(at)), whole);
    }

    private static int DigitsEnd(string text, int at, Func<char, bool> isDigit, bool mayBeginWithLine = false)
    {
        var end = at;
        while (end < text.Length && (isDigit(text[end])
            || (text[end] == '_' && (end > at || mayBeginWithLine) && end + 1 < text.Length && isDigit(text[end + 1]))))
            end++;
        return end;
    }

    private static string Plain(string digits) => digits.Replace("_", "", StringComparison.Ordinal);

    private static (TemplateToken Token, int Next) Quoted(string text, int at, Func<int, Position> positionOf)
    {
        var quote = text[at];
        var value = new StringBuilder();
        var position = at + 1;
        while (position < text.Length && text[position] != quote)
        {
            if (text[position] != '\\')
            {
                value.Append(text[position++]);
                continue;
            }

            if (position + 1 >= text.Length) break;
            position = Escape(text, position, value, positionOf);
        }

        if (position >= text.Length) throw new TemplateSyntaxException(positionOf(at), $"unexpected char {quote}: the text that it begins does not end");
        return (new TemplateToken(TokenKind.Text, value.ToString(), positionOf(at)), position + 1);
    }

    /// <summary>Takes one escape, as Python's literals have them; an unknown one stays as it is written.</summary>
    private static int Escape(string text, int at, StringBuilder value, Func<int, Position> positionOf)
    {
        var kind = text[at + 1];
        switch (kind)
        {
            case '\n': return at + 2;
            case 'x': return Hexadecimal(2);
            case 'u': return Hexadecimal(4);
            case 'U': return Hexadecimal(8);
            case 'N': throw new TemplateSyntaxException(positionOf(at), "characters by name (\\N{...}) are not known here; write \\u and their number");
            case >= '0' and <= '7':
                var (octal, digits) = (0, 0);
                while (digits < 3 && at + 1 + digits < text.Length && text[at + 1 + digits] is >= '0' and <= '7')
                    octal = (octal * 8) + text[at + 1 + digits++] - '0';
                value.Append((char)octal);
                return at + 1 + digits;
        }

        var place = "\\'\"abfnrtv".IndexOf(kind, StringComparison.Ordinal);
        if (place >= 0) value.Append("\\'\"\a\b\f\n\r\t\v"[place]);
        else value.Append('\\').Append(kind);
        return at + 2;

        int Hexadecimal(int length)
        {
            if (at + 2 + length > text.Length || !int.TryParse(text.AsSpan(at + 2, length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
                || code is < 0 or > 0x10FFFF)
                throw new TemplateSyntaxException(positionOf(at), $"the escape \\{kind} needs {length} hexadecimal digits of a character");
            if (code <= 0xFFFF) value.Append((char)code);
            else value.Append(new Rune(code).ToString());
            return at + 2 + length;
        }
    }
}
