namespace Ml.Llm.Tokenization;

/// <summary>Bracketed classes and escapes.</summary>
internal sealed partial class PatternParser
{
    private const int LongestBracketName = 20;

    /// <summary>The class whose [ was just read, up to its ].</summary>
    /// <remarks>Case variants are added to the outermost class only, after its intersections and before its ^.</remarks>
    private CodePointSet ParseClass(int position, bool ignoreCase, bool outermost)
    {
        Enter(position);
        var negated = Take('^');
        CodePointSet? intersection = null;
        var ranges = new List<(int First, int Last)>();
        // A ] that comes first is a member, if another one can end the class.
        if (Peek(']'))
        {
            if (!_pattern.AsSpan(_at + 1).Contains(']')) throw Problem(position, "this class is empty");
            ParseMember(ranges, position);
        }

        while (!Take(']'))
        {
            if (AtEnd) throw ClassProblem(position);
            if (Take("&&")) intersection = Intersect();
            else if (Peek('[')) ParseNested(ranges);
            else ParseMember(ranges, position);
        }

        var set = Intersect();
        if (outermost && ignoreCase) set = set.WithCaseVariants();
        _depth--;
        return negated ? set.Complement() : set;

        CodePointSet Intersect()
        {
            var part = CodePointSet.OfRanges(ranges);
            ranges.Clear();
            return intersection?.Intersect(part) ?? part;
        }
    }

    private PatternException ClassProblem(int position) => Problem(position, "this class does not end: ] is missing");

    private void ParseNested(List<(int First, int Last)> ranges)
    {
        var position = _at++;
        if (TakePosixBracket(position) is { } bracket)
        {
            bracket.AddTo(ranges);
            RefuseRangeFromSet();
            return;
        }

        ParseClass(position, ignoreCase: false, outermost: false).AddTo(ranges);
    }

    /// <summary>[:name:] or [:^name:]; null where the [ begins a class in a class.</summary>
    private CodePointSet? TakePosixBracket(int position)
    {
        if (!Peek(':')) return null;
        var rest = _pattern.AsSpan(_at + 1);
        var nameStart = rest.StartsWith("^") ? 1 : 0;
        var nameLength = rest[nameStart..].IndexOfAny(':', ']');
        var isBracket = nameLength is >= 0 and <= LongestBracketName && rest[(nameStart + nameLength)..].StartsWith(":]");
        if (!isBracket) return null;

        var set = PatternProperties.Bracket(rest.Slice(nameStart, nameLength).ToString())
            ?? throw Problem(position, $"there is no class [:{rest.Slice(nameStart, nameLength)}:]");
        _at += 1 + nameStart + nameLength + 2;
        return nameStart == 0 ? set : set.Complement();
    }

    /// <summary>A character, a range or an escape that stands for a set.</summary>
    private void ParseMember(List<(int First, int Last)> ranges, int classPosition)
    {
        var position = _at;
        if (ParseClassAtom(classPosition, out var first) is { } set)
        {
            set.AddTo(ranges);
            RefuseRangeFromSet();
            return;
        }

        var last = first;
        if (TakeRangeSign())
        {
            if (AtEnd) throw ClassProblem(classPosition);
            if (Peek('[')) throw Problem(_at, "a range cannot end with a class; escape the - before it");
            if (ParseClassAtom(classPosition, out last) is not null) throw Problem(position, "a range cannot end with a set of characters");
            if (last < first) throw Problem(position, "this range is empty: its ends are the wrong way round");
        }

        ranges.Add((first, last));
    }

    /// <summary>A - between two members; before the end of the class or an intersection it is a member itself.</summary>
    private bool TakeRangeSign()
    {
        if (!Peek('-')) return false;
        var rest = _pattern.AsSpan(_at + 1);
        if (rest.StartsWith("]") || rest.StartsWith("&&")) return false;
        _at++;
        return true;
    }

    private void RefuseRangeFromSet()
    {
        var position = _at;
        if (TakeRangeSign()) throw Problem(position, "a range cannot begin with a set of characters; escape this -");
    }

    private CodePointSet? ParseClassAtom(int classPosition, out int codePoint)
    {
        if (AtEnd) throw ClassProblem(classPosition);
        if (!Peek('\\'))
        {
            codePoint = TakeCodePoint();
            return null;
        }

        var position = _at;
        if (TakeSetEscape(word: PatternProperties.Word) is { } set)
        {
            codePoint = 0;
            return set;
        }

        _at = position + 1;
        codePoint = Take('b') ? '\b' : TakeCharacterEscape(position);
        return null;
    }

    private PatternNode ParseEscape(Options options)
    {
        var position = _at;
        if (TakeSetEscape(word: PatternProperties.WordAlone) is { } set) return NodeOf(set);
        _at = position + 2;
        switch (_pattern[position + 1])
        {
            case 'A': return new PlaceNode(PatternPlace.TextStart);
            case 'z': return new PlaceNode(PatternPlace.TextEnd);
            case 'Z': return new PlaceNode(PatternPlace.TextEndOrLastLineFeed);
            case 'b': return new PlaceNode(PatternPlace.WordBoundary);
            case 'B': return new PlaceNode(PatternPlace.NoWordBoundary);
            case 'R': return new LineBreakNode();
            case 'X': return new GraphemeNode();
            case 'N': return NodeOf(CodePointSet.Of('\n').Complement());
            case 'O': return NodeOf(CodePointSet.All);
            default:
                _at = position + 1;
                return Literal(TakeCharacterEscape(position), options);
        }
    }

    /// <summary>An escape that stands for a set: \d \w \s \h, their negations, \p and \P. Null, and not read, for any other.</summary>
    private CodePointSet? TakeSetEscape(CodePointSet word)
    {
        var position = _at++;
        if (AtEnd) throw Problem(position, "the pattern ends with a lone \\");
        switch (_pattern[_at++])
        {
            case 'd': return PatternProperties.Digit;
            case 'D': return PatternProperties.Digit.Complement();
            case 'w': return word;
            case 'W': return word.Complement();
            case 's': return PatternProperties.WhiteSpace;
            case 'S': return PatternProperties.WhiteSpace.Complement();
            case 'h': return PatternProperties.HexDigit;
            case 'H': return PatternProperties.HexDigit.Complement();
            case 'p': return TakeProperty(position);
            case 'P': return TakeProperty(position).Complement();
            default:
                _at = position;
                return null;
        }
    }

    private CodePointSet TakeProperty(int position)
    {
        var length = Peek('{') ? _pattern.AsSpan(_at).IndexOf('}') : -1;
        if (length < 0) throw Problem(position, "a property is written \\p{Name}");
        var name = _pattern.AsSpan(_at + 1, length - 1);
        _at += length + 1;
        var negated = name.StartsWith("^");
        if (negated) name = name[1..];
        var set = PatternProperties.Named(name) ?? throw Problem(position, $"there is no property \\p{{{name}}}: categories, scripts and a few properties are known");
        return negated ? set.Complement() : set;
    }

    /// <summary>The character that an escape stands for; the place is behind the \.</summary>
    private int TakeCharacterEscape(int position)
    {
        var codePoint = TakeCodePoint();
        switch (codePoint)
        {
            case 'n': return '\n';
            case 't': return '\t';
            case 'r': return '\r';
            case 'f': return '\f';
            case 'v': return '\v';
            case 'a': return '\a';
            case 'e': return '\e';
            case 'x': return Take('{') ? TakeHex(position, 1, 8, '}') : TakeByte(position);
            case 'u': return TakeHex(position, 4, 4, end: null);
            case '0': return TakeOctal();
            case >= '1' and <= '9':
                throw Problem(position, "back-references are not supported");
            case 'G' or 'K' or 'k' or 'g' or 'y' or 'Y' or 'c' or 'C' or 'M' or 'o':
                throw Problem(position, $"the escape \\{(char)codePoint} is not supported");
            default:
                // As in Oniguruma, any other escaped character stands for itself, letters too.
                return codePoint;
        }
    }

    private int TakeByte(int position)
    {
        var value = TakeHex(position, 1, 2, end: null);
        return value < 0x80 ? value : throw Problem(position, "\\x80 and above would be single bytes of UTF-8; write \\x{...} for a code point");
    }

    private int TakeHex(int position, int least, int most, char? end)
    {
        var start = _at;
        var value = 0L;
        while (!AtEnd && _at - start < most && char.IsAsciiHexDigit(_pattern[_at])) value = value * 16 + Convert.ToInt32(_pattern[_at++].ToString(), 16);
        if (_at - start < least || (end is { } character && !Take(character))) throw Problem(position, "this escape lacks its hexadecimal digits");
        return value <= CodePoints.Largest ? (int)value : throw Problem(position, "there is no code point beyond \\x{10FFFF}");
    }

    private int TakeOctal()
    {
        var value = 0;
        for (var digits = 0; digits < 2 && !AtEnd && _pattern[_at] is >= '0' and <= '7'; digits++) value = value * 8 + _pattern[_at++] - '0';
        return value;
    }
}
