using System.Text;

namespace Ml.Llm.Tokenization.Jinja;

/// <summary>The methods of str.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal static class TextMethods
{
    private static readonly Dictionary<string, Func<Renderer, TextValue, Arguments, Value>> s_methods = new()
    {
        ["strip"] = static (r, text, arguments) => Strip(r, text, arguments, "strip", left: true, right: true),
        ["lstrip"] = static (r, text, arguments) => Strip(r, text, arguments, "lstrip", left: true, right: false),
        ["rstrip"] = static (r, text, arguments) => Strip(r, text, arguments, "rstrip", left: false, right: true),
        ["upper"] = static (r, text, arguments) => Rewritten(r, text, arguments, "upper", CaseMapping.Upper),
        ["lower"] = static (r, text, arguments) => Rewritten(r, text, arguments, "lower", CaseMapping.Lower),
        ["title"] = static (r, text, arguments) => Rewritten(r, text, arguments, "title", CaseMapping.Title),
        ["capitalize"] = static (r, text, arguments) => Rewritten(r, text, arguments, "capitalize", CaseMapping.Capitalized),
        ["swapcase"] = static (r, text, arguments) => Rewritten(r, text, arguments, "swapcase", CaseMapping.Swapped),
        ["casefold"] = static (r, text, arguments) => Rewritten(r, text, arguments, "casefold", CaseMapping.Folded),
        ["startswith"] = static (r, text, arguments) => HasAffix(r, text, arguments, "startswith", static (part, affix) => part.StartsWith(affix, StringComparison.Ordinal)),
        ["endswith"] = static (r, text, arguments) => HasAffix(r, text, arguments, "endswith", static (part, affix) => part.EndsWith(affix, StringComparison.Ordinal)),
        ["removeprefix"] = RemovePrefix,
        ["removesuffix"] = RemoveSuffix,
        ["replace"] = Replace,
        ["join"] = Join,
        ["count"] = Count,
        ["find"] = static (r, text, arguments) => Find(r, text, arguments, "find", fromEnd: false, mustBeThere: false),
        ["rfind"] = static (r, text, arguments) => Find(r, text, arguments, "rfind", fromEnd: true, mustBeThere: false),
        ["index"] = static (r, text, arguments) => Find(r, text, arguments, "index", fromEnd: false, mustBeThere: true),
        ["rindex"] = static (r, text, arguments) => Find(r, text, arguments, "rindex", fromEnd: true, mustBeThere: true),
        ["split"] = static (r, text, arguments) => TextSplitting.Split(r, text, arguments, fromEnd: false),
        ["rsplit"] = static (r, text, arguments) => TextSplitting.Split(r, text, arguments, fromEnd: true),
        ["splitlines"] = TextSplitting.Lines,
        ["partition"] = static (r, text, arguments) => TextSplitting.Partition(r, text, arguments, fromEnd: false),
        ["rpartition"] = static (r, text, arguments) => TextSplitting.Partition(r, text, arguments, fromEnd: true),
        ["center"] = static (r, text, arguments) => TextFilling.Fill(r, text, arguments, "center"),
        ["ljust"] = static (r, text, arguments) => TextFilling.Fill(r, text, arguments, "ljust"),
        ["rjust"] = static (r, text, arguments) => TextFilling.Fill(r, text, arguments, "rjust"),
        ["zfill"] = TextFilling.ZeroFill,
        ["expandtabs"] = TextFilling.ExpandTabs,
        ["format"] = static (r, text, arguments) => BraceFormat.Format(r, text, arguments),
        ["format_map"] = static (r, text, arguments) => BraceFormat.FormatMap(r, text, arguments),
        ["encode"] = Encode,
        ["translate"] = Translate,
        ["isalpha"] = static (r, text, arguments) => All(r, text, arguments, TextClasses.IsAlphabetic),
        ["isdigit"] = static (r, text, arguments) => All(r, text, arguments, TextClasses.IsDigit),
        ["isdecimal"] = static (r, text, arguments) => All(r, text, arguments, TextClasses.IsDecimal),
        ["isnumeric"] = static (r, text, arguments) => All(r, text, arguments, TextClasses.IsNumeric),
        ["isalnum"] = static (r, text, arguments) => All(r, text, arguments, static rune => TextClasses.IsAlphabetic(rune) || TextClasses.IsNumeric(rune)),
        ["isspace"] = static (r, text, arguments) => All(r, text, arguments, static rune => rune.IsBmp && TextClasses.IsSpace((char)rune.Value)),
        ["isascii"] = static (r, text, arguments) => All(r, text, arguments, static rune => rune.IsAscii, ofEmpty: true),
        ["isprintable"] = static (r, text, arguments) => All(r, text, arguments, TextClasses.IsPrintable, ofEmpty: true),
        ["isidentifier"] = IsIdentifier,
        ["isupper"] = static (r, text, arguments) => BooleanValue.Of(IsOfOneCase(r, text, arguments, CaseMapping.IsUpper)),
        ["islower"] = static (r, text, arguments) => BooleanValue.Of(IsOfOneCase(r, text, arguments, CaseMapping.IsLower)),
        ["istitle"] = IsTitle,
    };

    /// <summary>A method by name, or null.</summary>
    public static Func<Renderer, TextValue, Arguments, Value>? Find(string name) => s_methods.GetValueOrDefault(name);

    /// <summary>A text without some characters at its ends; null: without white space.</summary>
    public static TextValue Stripped(TextValue text, string? characters, bool left, bool right)
    {
        var value = text.Text;
        var (start, end) = (0, value.Length);
        while (left && start < end && Goes(start, CodePoints.LengthAt(value, start))) start += CodePoints.LengthAt(value, start);
        while (right && end > start)
        {
            var length = end - start > 1 && char.IsSurrogatePair(value[end - 2], value[end - 1]) ? 2 : 1;
            if (!Goes(end - length, length)) break;
            end -= length;
        }

        return text.Part(start, end - start);

        bool Goes(int at, int length) => characters is null ? TextClasses.IsSpace(value[at]) : characters.Contains(value.Substring(at, length), StringComparison.Ordinal);
    }

    /// <summary>A text with another in the place of each one of a third.</summary>
    public static TextValue Replaced(Renderer renderer, TextValue text, TextValue old, TextValue with, int most)
    {
        renderer.Budget.Read(text.Text.Length);
        if (most < 0) most = int.MaxValue;
        var builder = new MarkedTextBuilder(renderer.Budget);
        var at = 0;
        if (old.Text.Length == 0)
        {
            // An empty text is found before each character and at the end.
            while (most-- > 0)
            {
                builder.Append(with);
                if (at >= text.Text.Length) break;
                var length = CodePoints.LengthAt(text.Text, at);
                builder.Append(text, at, length);
                at += length;
            }
        }
        else
        {
            for (int found; most > 0 && (found = text.Text.IndexOf(old.Text, at, StringComparison.Ordinal)) >= 0; most--)
            {
                builder.Append(text, at, found - at);
                builder.Append(with);
                at = found + old.Text.Length;
            }
        }

        builder.Append(text, at, text.Text.Length - at);
        return builder.ToText();
    }

    /// <summary>Whether a text has letters with case, all of one case.</summary>
    public static bool IsOfOneCase(Renderer renderer, TextValue text, Arguments arguments, Func<string, int, bool> isOfCase)
    {
        arguments.Bind("str method", 0);
        renderer.Budget.Read(text.Text.Length);
        var any = false;
        for (var at = 0; at < text.Text.Length; at += CodePoints.LengthAt(text.Text, at))
        {
            if (isOfCase(text.Text, at)) any = true;
            else if (CaseMapping.IsCased(text.Text, at)) return false;
        }

        return any;
    }

    private static TextValue Strip(Renderer renderer, TextValue text, Arguments arguments, string name, bool left, bool right)
    {
        var characters = Parameters.TextOrNone(arguments.Bind(name, 0, "*chars")[0], $"{name} arg");
        renderer.Budget.Read(text.Text.Length);
        return Stripped(text, characters?.Text, left, right);
    }

    private static TextValue Rewritten(Renderer renderer, TextValue text, Arguments arguments, string name, Func<string, string> rewrite)
    {
        arguments.Bind(name, 0);
        renderer.Budget.Write(text.Text.Length);
        return text.Rewritten(rewrite(text.Text));
    }

    private static BooleanValue HasAffix(Renderer renderer, TextValue text, Arguments arguments, string name, Func<string, string, bool> has)
    {
        var values = arguments.Bind(name, 1, "*prefix", "*start", "*end");
        renderer.Budget.Read(text.Text.Length);
        var part = values[1] is null ? text.Text : Between(text.Text, values[1], values[2], out var isBehind) is var cut && isBehind ? null : cut;
        if (part is null) return BooleanValue.False;
        var affixes = values[0] is TupleValue tuple ? tuple.Items : [values[0]!];
        foreach (var affix in affixes)
            if (has(part, Parameters.Text(affix, $"{name} first arg").Text))
                return BooleanValue.True;
        return BooleanValue.False;
    }

    private static TextValue RemovePrefix(Renderer renderer, TextValue text, Arguments arguments)
    {
        var prefix = Parameters.Text(arguments.Bind("removeprefix", 1, "*prefix")[0], "removeprefix() argument").Text;
        return text.Text.StartsWith(prefix, StringComparison.Ordinal) ? text.Part(prefix.Length, text.Text.Length - prefix.Length) : text;
    }

    private static TextValue RemoveSuffix(Renderer renderer, TextValue text, Arguments arguments)
    {
        var suffix = Parameters.Text(arguments.Bind("removesuffix", 1, "*suffix")[0], "removesuffix() argument").Text;
        return text.Text.EndsWith(suffix, StringComparison.Ordinal) ? text.Part(0, text.Text.Length - suffix.Length) : text;
    }

    private static TextValue Replace(Renderer renderer, TextValue text, Arguments arguments)
    {
        var values = arguments.Bind("replace", 2, "*old", "*new", "count");
        return Replaced(renderer, text, Parameters.Text(values[0], "replace() argument 1"), Parameters.Text(values[1], "replace() argument 2"), Parameters.Whole(values[2], -1));
    }

    private static TextValue Join(Renderer renderer, TextValue text, Arguments arguments)
    {
        var items = Sequences.Items(renderer, arguments.Bind("join", 1, "*iterable")[0]!, "can only join an iterable");
        var builder = new MarkedTextBuilder(renderer.Budget);
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0) builder.Append(text);
            builder.Append(items[i] as TextValue ?? throw Fault.Type($"sequence item {i}: expected str instance, {items[i].TypeName} found"));
        }

        return builder.ToText();
    }

    private static IntegerValue Count(Renderer renderer, TextValue text, Arguments arguments)
    {
        var values = arguments.Bind("count", 1, "*sub", "*start", "*end");
        var sub = Parameters.Text(values[0], "count() argument 1").Text;
        renderer.Budget.Read(text.Text.Length);
        var part = Between(text.Text, values[1], values[2], out var isBehind);
        if (isBehind) return new IntegerValue(0);
        if (sub.Length == 0) return new IntegerValue(CodePoints.Count(part) + 1);
        var count = 0;
        for (var at = 0; (at = part.IndexOf(sub, at, StringComparison.Ordinal)) >= 0; at += sub.Length) count++;
        return new IntegerValue(count);
    }

    private static IntegerValue Find(Renderer renderer, TextValue text, Arguments arguments, string name, bool fromEnd, bool mustBeThere)
    {
        var values = arguments.Bind(name, 1, "*sub", "*start", "*end");
        var sub = Parameters.Text(values[0], $"{name}() argument 1").Text;
        renderer.Budget.Read(text.Text.Length);
        var part = Between(text.Text, values[1], values[2], out var isBehind);
        var found = isBehind ? -1 : fromEnd ? part.LastIndexOf(sub, StringComparison.Ordinal) : part.IndexOf(sub, StringComparison.Ordinal);
        if (found < 0) return mustBeThere ? throw Fault.Value("substring not found") : new IntegerValue(-1);
        var before = values[1] is null ? 0 : StartOf(text.Text, values[1]);
        return new IntegerValue(CodePoints.Count(part, found) + before);
    }

    /// <summary>The part of a text between two indices, as a slice takes it.</summary>
    private static string Between(string text, Value? start, Value? end, out bool isBehind)
    {
        isBehind = false;
        if (start is null && end is null) return text;
        var count = CodePoints.Count(text);
        var (first, last) = (StartOf(text, start), count);
        if (end is not (null or NoneValue)) last = Math.Clamp(Parameters.Whole(end, 0) is var given && given < 0 ? given + count : given, 0, count);
        isBehind = first > last || first > count;
        return isBehind ? "" : text[CodePoints.UnitAt(text, first)..CodePoints.UnitAt(text, last)];
    }

    private static int StartOf(string text, Value? start)
    {
        if (start is null or NoneValue) return 0;
        var given = Parameters.Whole(start, 0);
        return Math.Max(given < 0 ? given + CodePoints.Count(text) : given, 0);
    }

    private static BytesValue Encode(Renderer renderer, TextValue text, Arguments arguments)
    {
        var values = arguments.Bind("encode", 0, "encoding", "errors");
        var encoding = Parameters.TextOrNone(values[0], "encode() argument")?.Text ?? "utf-8";
        if (encoding.ToLowerInvariant() is not ("utf-8" or "utf8")) throw Fault.Value($"the encoding '{encoding}' is not known here; utf-8 is");
        renderer.Budget.Write(text.Text.Length);
        return new BytesValue(Encoding.UTF8.GetBytes(text.Text));
    }

    /// <summary>Replaces characters by a mapping from their numbers.</summary>
    private static TextValue Translate(Renderer renderer, TextValue text, Arguments arguments)
    {
        var table = arguments.Bind("translate", 1, "*table")[0]!;
        var builder = new MarkedTextBuilder(renderer.Budget);
        for (var at = 0; at < text.Text.Length;)
        {
            var length = CodePoints.LengthAt(text.Text, at);
            var code = length == 2 ? char.ConvertToUtf32(text.Text[at], text.Text[at + 1]) : text.Text[at];
            var entry = Members.Item(renderer, table, new IntegerValue(code));
            if (entry is UndefinedValue) builder.Append(text, at, length);
            else if (entry is TextValue with) builder.Append(with);
            else if (Arithmetic.Whole(entry) is { } number && number >= 0 && number <= 0x10FFFF) builder.Append(Rune.TryCreate((int)number, out var rune) ? rune.ToString() : ((char)(int)number).ToString(), text.HasContent);
            else if (entry is not NoneValue) throw Fault.Type("character mapping must return integer, None or str");
            at += length;
        }

        return builder.ToText();
    }

    private static BooleanValue All(Renderer renderer, TextValue text, Arguments arguments, Func<Rune, bool> holds, bool ofEmpty = false)
    {
        arguments.Bind("str method", 0);
        renderer.Budget.Read(text.Text.Length);
        for (var at = 0; at < text.Text.Length; at += CodePoints.LengthAt(text.Text, at))
            if (!holds(CodePoints.RuneAt(text.Text, at)))
                return BooleanValue.False;
        return BooleanValue.Of(ofEmpty || text.Text.Length > 0);
    }

    private static BooleanValue IsIdentifier(Renderer renderer, TextValue text, Arguments arguments) => BooleanValue.Of(
        All(renderer, text, arguments, TextClasses.IsIdentifierPart).IsTrue && TextClasses.IsIdentifierStart(CodePoints.RuneAt(text.Text, 0)));

    private static BooleanValue IsTitle(Renderer renderer, TextValue text, Arguments arguments)
    {
        arguments.Bind("istitle", 0);
        renderer.Budget.Read(text.Text.Length);
        var (any, inWord) = (false, false);
        for (var at = 0; at < text.Text.Length; at += CodePoints.LengthAt(text.Text, at))
        {
            var isCased = CaseMapping.IsCased(text.Text, at);
            if (isCased && inWord != CaseMapping.IsLower(text.Text, at)) return BooleanValue.False;
            any |= isCased;
            inWord = isCased;
        }

        return BooleanValue.Of(any);
    }
}
