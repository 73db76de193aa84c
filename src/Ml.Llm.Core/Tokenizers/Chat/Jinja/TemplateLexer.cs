using System.Text;

namespace Ml.Llm.Tokenization.Jinja;

/// <summary>
/// Cuts a template into tokens, with trim_blocks and lstrip_blocks on: a line feed after a tag goes, and so does white space
/// before a tag that begins a line; a minus takes all white space on its side, a plus keeps it.
/// </summary>
/// <threadsafety>Belongs to one thread.</threadsafety>
internal sealed class TemplateLexer
{
    private readonly string _text;
    private readonly List<TemplateToken> _tokens = [];
    private readonly List<int> _lineStarts = [0];

    private TemplateLexer(string text)
    {
        _text = text;
        for (var i = 0; i < text.Length; i++)
            if (text[i] == '\n')
                _lineStarts.Add(i + 1);
    }

    /// <summary>The tokens, with one of kind <see cref="TokenKind.End"/> last.</summary>
    /// <exception cref="TemplateSyntaxException">The template holds what no token begins with, or a comment, raw block or tag that does not end.</exception>
    public static IReadOnlyList<TemplateToken> Tokenize(string source)
    {
        var text = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        if (text.EndsWith('\n')) text = text[..^1];
        var lexer = new TemplateLexer(text);
        lexer.Run();
        return lexer._tokens;
    }

    private void Run()
    {
        var position = 0;
        var lineStarting = true;
        while (position < _text.Length)
        {
            var tag = NextTag(position);
            if (tag < 0)
            {
                AddData(position, _text.Length);
                position = _text.Length;
                break;
            }

            var kind = _text[tag + 1];
            var sign = tag + 2 < _text.Length && _text[tag + 2] is '-' or '+' ? _text[tag + 2] : '\0';
            AddData(position, EndOfData(position, tag, sign, kind != '{', lineStarting));
            var inside = tag + (sign == '\0' ? 2 : 3);
            position = kind switch
            {
                '#' => AfterComment(tag, inside),
                '{' => AfterTag(tag, inside, TokenKind.VariableBegin, TokenKind.VariableEnd, "}}"),
                _ => RawBegin(inside) is { } raw ? AfterRaw(tag, raw) : AfterTag(tag, inside, TokenKind.BlockBegin, TokenKind.BlockEnd, "%}"),
            };
            lineStarting = position > 0 && _text[position - 1] == '\n';
        }

        _tokens.Add(new TemplateToken(TokenKind.End, "", PositionOf(_text.Length)));
    }

    private int NextTag(int from)
    {
        for (var at = from; (at = _text.IndexOf('{', at)) >= 0 && at + 1 < _text.Length; at++)
            if (_text[at + 1] is '{' or '%' or '#')
                return at;
        return -1;
    }

    /// <summary>Where the text before a tag ends once the tag's white space control has taken its share.</summary>
    private int EndOfData(int start, int tag, char sign, bool stripsLine, bool lineStarting)
    {
        var end = tag;
        if (sign == '-')
        {
            while (end > start && TextClasses.IsSpace(_text[end - 1])) end--;
            return end;
        }

        if (sign == '+' || !stripsLine) return tag;
        while (end > start && _text[end - 1] != '\n')
        {
            if (!TextClasses.IsSpace(_text[end - 1])) return tag;
            end--;
        }

        return end > start || lineStarting ? end : tag;
    }

    private void AddData(int start, int end)
    {
        if (start < end) _tokens.Add(new TemplateToken(TokenKind.Data, _text[start..end], PositionOf(start)));
    }

    private int AfterComment(int tag, int inside)
    {
        var end = _text.IndexOf("#}", inside, StringComparison.Ordinal);
        if (end < 0) throw Problem(tag, "Missing end of comment tag");
        // A sign belongs to the end only where it is not the one that begins the comment.
        return AfterEnd(end + 2, end > inside ? _text[end - 1] : '\0');
    }

    /// <summary>The place behind the begin of a raw block, if the tag is one.</summary>
    private int? RawBegin(int inside)
    {
        var at = SkipSpace(inside);
        if (!_text.AsSpan(at).StartsWith("raw")) return null;
        at = SkipSpace(at + 3);
        if (_text.AsSpan(at).StartsWith("-%}")) return SkipSpace(at + 3);
        return _text.AsSpan(at).StartsWith("%}") ? at + 2 : null;
    }

    private int AfterRaw(int tag, int start)
    {
        for (var at = start; (at = _text.IndexOf("{%", at, StringComparison.Ordinal)) >= 0; at += 2)
        {
            var sign = at + 2 < _text.Length && _text[at + 2] is '-' or '+' ? _text[at + 2] : '\0';
            var name = SkipSpace(at + (sign == '\0' ? 2 : 3));
            if (!_text.AsSpan(name).StartsWith("endraw")) continue;
            var end = SkipSpace(name + 6);
            var endSign = end < _text.Length && _text[end] is '-' or '+' ? _text[end] : '\0';
            if (endSign != '\0') end++;
            if (!_text.AsSpan(end).StartsWith("%}")) continue;
            AddData(start, EndOfData(start, at, sign, stripsLine: true, lineStarting: start > 0 && _text[start - 1] == '\n'));
            return AfterEnd(end + 2, endSign);
        }

        throw Problem(tag, "Missing end of raw directive");
    }

    /// <summary>The tokens of a tag; gives the place behind it.</summary>
    private int AfterTag(int tag, int inside, TokenKind begin, TokenKind end, string endSign)
    {
        _tokens.Add(new TemplateToken(begin, "", PositionOf(tag)));
        var brackets = new Stack<char>();
        var position = inside;
        while (true)
        {
            position = SkipSpace(position);
            // A tag that the template does not end is found by the parser, which knows what it waits for.
            if (position >= _text.Length) return position;
            if (brackets.Count == 0)
            {
                var rest = _text.AsSpan(position);
                var sign = rest[0] == '-' || (rest[0] == '+' && begin == TokenKind.BlockBegin) ? rest[0] : '\0';
                if (rest[(sign == '\0' ? 0 : 1)..].StartsWith(endSign))
                {
                    _tokens.Add(new TemplateToken(end, "", PositionOf(position)));
                    position += sign == '\0' ? 2 : 3;
                    if (sign == '-') return SkipSpace(position);
                    return begin == TokenKind.VariableBegin ? position : AfterEnd(position, sign);
                }
            }

            var (token, next) = InnerTokens.Read(_text, position, PositionOf);
            if (token.Kind == TokenKind.Operator) Balance(brackets, token.Text[0], position);
            _tokens.Add(token);
            position = next;
        }
    }

    private void Balance(Stack<char> brackets, char sign, int position)
    {
        if (sign is '(' or '[' or '{') brackets.Push(sign switch { '(' => ')', '[' => ']', _ => '}' });
        if (sign is not (')' or ']' or '}')) return;
        if (!brackets.TryPop(out var expected)) throw Problem(position, $"unexpected '{sign}'");
        if (expected != sign) throw Problem(position, $"unexpected '{sign}', expected '{expected}'");
    }

    /// <summary>The place behind a tag's end: a minus takes white space, a plus nothing, else one line feed goes.</summary>
    private int AfterEnd(int position, char sign) => sign switch
    {
        '-' => SkipSpace(position),
        '+' => position,
        _ => position < _text.Length && _text[position] == '\n' ? position + 1 : position,
    };

    private int SkipSpace(int position)
    {
        while (position < _text.Length && TextClasses.IsSpace(_text[position])) position++;
        return position;
    }

    private Position PositionOf(int place)
    {
        var line = _lineStarts.BinarySearch(place);
        if (line < 0) line = ~line - 1;
        return new Position(line + 1, place - _lineStarts[line] + 1);
    }

    private TemplateSyntaxException Problem(int place, string message) => new(PositionOf(place), message);
}

/// <summary>A template that is not well-formed, and where.</summary>
internal sealed class TemplateSyntaxException(Position at, string message, ChatTemplateErrorKind kind = ChatTemplateErrorKind.Syntax) : Exception(message)
{
    public Position At { get; } = at;

    public ChatTemplateErrorKind Kind { get; } = kind;
}
