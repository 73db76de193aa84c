using System.Globalization;

namespace Ml.Llm.Tokenization;

/// <summary>Reads the text of a pattern into nodes; what it does not know, it refuses with its position.</summary>
/// <remarks>
/// The syntax is Oniguruma's own (its default), less back-references, calls, conditionals, absent groups, callouts and the
/// escapes that work on bytes. Sets of code points follow Unicode. Under (?i) characters that differ by simple case folding
/// are equal; that "ss" equals "ß" there, which takes full folding, is left out.
/// </remarks>
/// <threadsafety>One object a pattern and a thread.</threadsafety>
internal sealed partial class PatternParser
{
    private const int DeepestNesting = 128;
    private const int MostQuantifiers = 4;
    private const int LargestRepeat = 100_000;
    private const int LongestPattern = 100_000;

    private readonly string _pattern;
    private readonly PatternSyntax _syntax;
    private int _at;
    private int _depth;
    private readonly Dictionary<CodePointSet, SetNode> _sets = [];
    private bool _inLookBehind;
    private bool _inNegativeLookBehind;

    private PatternParser(string pattern, PatternSyntax syntax) => (_pattern, _syntax) = (pattern, syntax);

    private bool AtEnd => _at >= _pattern.Length;

    /// <summary>Parses a pattern.</summary>
    /// <exception cref="PatternException">The pattern is wrong or uses something unknown.</exception>
    public static PatternNode Parse(string pattern, PatternSyntax syntax)
    {
        if (pattern.Length > LongestPattern)
            throw new PatternException(pattern, LongestPattern, string.Create(CultureInfo.InvariantCulture, $"the pattern is longer than {LongestPattern} UTF-16 units"));
        var parser = new PatternParser(pattern, syntax);
        var node = parser.ParseAlternation(default);
        return parser.AtEnd ? node : throw parser.Problem(parser._at, "there is no ( for this )");
    }

    private PatternException Problem(int position, string problem) => new(_pattern, position, problem);

    private bool Peek(char character) => !AtEnd && _pattern[_at] == character;

    private bool Take(char character)
    {
        if (!Peek(character)) return false;
        _at++;
        return true;
    }

    private bool Take(string text)
    {
        if (!_pattern.AsSpan(_at).StartsWith(text, StringComparison.Ordinal)) return false;
        _at += text.Length;
        return true;
    }

    private int TakeCodePoint()
    {
        var codePoint = CodePoints.At(_pattern, _at, out var length);
        _at += length;
        return codePoint;
    }

    /// <summary>Goes one level deeper; a pattern may nest only so deep, since reading and compiling it recurse.</summary>
    private void Enter(int position)
    {
        if (++_depth > DeepestNesting)
            throw Problem(position, string.Create(CultureInfo.InvariantCulture, $"groups and brackets nest deeper than {DeepestNesting} levels"));
    }

    private PatternNode ParseAlternation(Options options)
    {
        var choices = new List<PatternNode> { ParseSequence(options) };
        while (Take('|')) choices.Add(ParseSequence(options));
        return choices.Count == 1 ? choices[0] : new AlternationNode(choices);
    }

    private PatternNode ParseSequence(Options options)
    {
        var parts = new List<PatternNode>();
        for (SkipIgnored(options); !AtEnd && !Peek('|') && !Peek(')'); SkipIgnored(options))
        {
            var position = _at;
            if (TakeRepeat(out _, out _, out _)) throw Problem(position, "there is nothing to repeat before this quantifier");
            var part = ParseOne(options);
            SkipIgnored(options);
            position = _at;
            for (var quantifiers = 1; TakeRepeat(out var least, out var most, out var kind); quantifiers++)
            {
                if (quantifiers > MostQuantifiers) throw Problem(position, "too many quantifiers follow one another");
                if (IsPlace(part)) throw Problem(position, "a place in the text, such as ^ or a look-around, cannot be repeated");
                part = new RepeatNode(part, least, most, kind, position);
                SkipIgnored(options);
                position = _at;
            }

            parts.Add(part);
        }

        return parts.Count switch
        {
            0 => SequenceNode.Empty,
            1 => parts[0],
            _ => new SequenceNode(parts),
        };
    }

    /// <summary>What Oniguruma refuses to repeat: a place, or a choice of which one is a place; within another group it may be.</summary>
    private static bool IsPlace(PatternNode node) =>
        node is PlaceNode or LookNode || (node is AlternationNode alternation && alternation.Choices.Any(IsPlace));

    private PatternNode ParseOne(Options options)
    {
        var position = _at;
        switch (_pattern[position])
        {
            case '(':
                return ParseGroup(options);
            case '[':
                _at++;
                return NodeOf(ParseClass(position, options.IgnoreCase, outermost: true));
            case '\\':
                return ParseEscape(options);
            case '.':
                _at++;
                return NodeOf(options.DotAll ? CodePointSet.All : CodePointSet.Of('\n').Complement());
            case '^':
                _at++;
                return new PlaceNode(_syntax == PatternSyntax.Rust ? PatternPlace.TextStart : PatternPlace.LineStart);
            case '$':
                _at++;
                return new PlaceNode(_syntax == PatternSyntax.Rust ? PatternPlace.TextEnd : PatternPlace.LineEnd);
            default:
                return Literal(TakeCodePoint(), options);
        }
    }

    private SetNode Literal(int codePoint, Options options) =>
        NodeOf(options.IgnoreCase ? CodePointSet.CaseVariantsOf(codePoint) : CodePointSet.Of(codePoint));

    /// <summary>The node of a set, the same one for equal sets: a pattern may name large sets many times.</summary>
    private SetNode NodeOf(CodePointSet set)
    {
        if (!_sets.TryGetValue(set, out var node)) _sets[set] = node = new SetNode(set);
        return node;
    }

    /// <summary>Passes over (?#comments), and with (?x) over white space and # comments.</summary>
    private void SkipIgnored(Options options)
    {
        while (!AtEnd)
        {
            var position = _at;
            if (Take("(?#"))
            {
                while (!AtEnd && !Peek(')')) _at += Peek('\\') ? 2 : 1;
                if (!Take(')')) throw Problem(position, "this comment does not end");
            }
            else if (options.Extended && _pattern[_at] is ' ' or '\t' or '\n' or '\v' or '\f' or '\r')
            {
                _at++;
            }
            else if (options.Extended && Peek('#'))
            {
                while (!AtEnd && !Peek('\n')) _at++;
            }
            else
            {
                return;
            }
        }
    }

    private PatternNode ParseGroup(Options options)
    {
        var position = _at;
        Enter(position);
        _at++;
        var node = ParseGroupBody(options, position);
        _depth--;
        return node;
    }

    private PatternNode ParseGroupBody(Options options, int position)
    {
        if (Take("?:")) return CloseGroup(ParseAlternation(options), position);
        if (Take("?>")) return new AtomicNode(CloseGroup(ParseAlternation(options), position));
        if (Take("?=")) return ParseLook(options, position, behind: false, negative: false);
        if (Take("?!")) return ParseLook(options, position, behind: false, negative: true);
        if (Take("?<=")) return ParseLook(options, position, behind: true, negative: false);
        if (Take("?<!")) return ParseLook(options, position, behind: true, negative: true);
        if (Peek('*')) throw Problem(position, "callouts (*...) are not supported");
        if (Take("?<")) TakeName(position, '>');
        else if (Take("?'")) TakeName(position, '\'');
        else if (Take('?')) return ParseOptions(options, position);

        if (_inNegativeLookBehind) throw Problem(position, "a negative look-behind cannot hold a capturing group; write (?:...)");
        return new CaptureNode(CloseGroup(ParseAlternation(options), position));
    }

    private PatternNode CloseGroup(PatternNode body, int position) =>
        Take(')') ? body : throw Problem(position, "this group does not end: ) is missing");

    private void TakeName(int position, char end)
    {
        var start = _at;
        while (!AtEnd && (char.IsLetterOrDigit(_pattern[_at]) || Peek('_'))) _at++;
        if (start == _at || char.IsDigit(_pattern[start]) || !Take(end)) throw Problem(position, "the name of this group is wrong: letters, digits and _ are allowed");
    }

    private LookNode ParseLook(Options options, int position, bool behind, bool negative)
    {
        if (_inLookBehind && !behind) throw Problem(position, "a look-behind cannot hold a look-ahead");
        var (inLookBehind, inNegative) = (_inLookBehind, _inNegativeLookBehind);
        _inLookBehind |= behind;
        _inNegativeLookBehind |= behind && negative;
        var body = CloseGroup(ParseAlternation(options), position);
        (_inLookBehind, _inNegativeLookBehind) = (inLookBehind, inNegative);
        return new LookNode(body, behind, negative);
    }

    /// <summary>(?i-m:...), or (?i) for the rest of the group around it with all its further choices.</summary>
    private PatternNode ParseOptions(Options options, int position)
    {
        for (var on = true; ; _at++)
        {
            if (AtEnd) throw Problem(position, "this group does not end: ) is missing");
            switch (_pattern[_at])
            {
                case '-':
                    on = false;
                    break;
                case 'i':
                    options = options with { IgnoreCase = on };
                    break;
                case 'm' when _syntax == PatternSyntax.Oniguruma:
                case 's' when _syntax == PatternSyntax.Rust:
                    options = options with { DotAll = on };
                    break;
                case 'x':
                    options = options with { Extended = on };
                    break;
                case ':':
                    _at++;
                    // A node of its own: unlike (?:^), such a group may be repeated whatever it holds.
                    return new SequenceNode([CloseGroup(ParseAlternation(options), position)]);
                case ')':
                    _at++;
                    return ParseAlternation(options);
                default:
                    throw Problem(position, $"the group (?{_pattern[_at]} is not supported");
            }
        }
    }

    private bool TakeRepeat(out int least, out int most, out RepeatKind kind)
    {
        (least, most, kind) = (0, -1, RepeatKind.Greedy);
        if (AtEnd) return false;
        switch (_pattern[_at])
        {
            case '*':
                break;
            case '+':
                least = 1;
                break;
            case '?':
                most = 1;
                break;
            default:
                return TakeInterval(ref least, ref most, ref kind);
        }

        _at++;
        if (Take('?')) kind = RepeatKind.Lazy;
        else if (Take('+')) kind = RepeatKind.Possessive;
        return true;
    }

    /// <summary>{n}, {n,}, {n,m} or {,m}; anything else in braces is plain text.</summary>
    private bool TakeInterval(ref int least, ref int most, ref RepeatKind kind)
    {
        var start = _at;
        if (!Take('{')) return false;
        var hasLeast = TakeNumber(out least);
        most = least;
        var hasMost = hasLeast;
        if (Take(','))
        {
            hasMost = TakeNumber(out most);
            if (!hasMost) most = -1;
        }

        if (!(hasLeast || hasMost) || !Take('}'))
        {
            _at = start;
            return false;
        }

        if (least > LargestRepeat || most > LargestRepeat)
            throw Problem(start, string.Create(CultureInfo.InvariantCulture, $"a repeat of more than {LargestRepeat} is too large"));

        var isFixed = least == most;
        if (most >= 0 && least > most)
        {
            // Oniguruma reads {3,1} as {1,3} that gives nothing back.
            if (_syntax == PatternSyntax.Rust) throw Problem(start, "the limits of this repeat are the wrong way round");
            (least, most, kind) = (most, least, RepeatKind.Possessive);
            return true;
        }

        // What follows {n} is a quantifier of its own in Oniguruma, and so is + after any braces.
        if (_syntax == PatternSyntax.Rust && Take('+')) kind = RepeatKind.Possessive;
        else if ((_syntax == PatternSyntax.Rust || !isFixed) && Take('?')) kind = RepeatKind.Lazy;
        return true;
    }

    private bool TakeNumber(out int number)
    {
        var start = _at;
        for (number = 0; !AtEnd && char.IsAsciiDigit(_pattern[_at]); _at++)
            number = Math.Min(number * 10 + _pattern[_at] - '0', LargestRepeat + 1);
        return _at > start;
    }

    /// <summary>What (?imx) switches: case does not matter, the dot takes line feeds, white space is ignored.</summary>
    private readonly record struct Options(bool IgnoreCase, bool DotAll, bool Extended);
}
