using System.Text.Json;

namespace Ml.Llm.Tokenization;

/// <summary>Reads the pre-tokenizer of a tokenizer.json.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class PreTokenizerReader
{
    private const int UsualLength = 5;

    /// <summary>Reads the pre-tokenizer, which may be null.</summary>
    public static IPreTokenizer? Read(JsonPart part) => part.IsNull ? null : ReadKnown(part);

    private static IPreTokenizer ReadKnown(JsonPart part) => TokenizerJsonReader.TypeOf(part) switch
    {
        "Whitespace" => Plain(part, new WhitespacePreTokenizer()),
        "WhitespaceSplit" => Plain(part, new WhitespaceSplitPreTokenizer()),
        "BertPreTokenizer" => Plain(part, new BertPreTokenizer()),
        "UnicodeScripts" => Plain(part, new UnicodeScriptsPreTokenizer()),
        "ByteLevel" => new ByteLevelPreTokenizer(ByteLevelReader.Read(part)),
        "Metaspace" => ReadMetaspace(part),
        "Punctuation" => ReadPunctuation(part),
        "Digits" => ReadDigits(part),
        "Split" => ReadSplit(part),
        "CharDelimiterSplit" => ReadDelimiter(part),
        "FixedLength" => ReadFixedLength(part),
        "Sequence" => ReadSequence(part),
        _ => throw TokenizerJsonReader.NotKnown(part),
    };

    private static IPreTokenizer Plain(JsonPart part, IPreTokenizer preTokenizer)
    {
        part.RefuseOthers("type");
        return preTokenizer;
    }

    private static MetaspacePreTokenizer ReadMetaspace(JsonPart part)
    {
        part.RefuseOthers("type", "replacement", "prepend_scheme", "split", "add_prefix_space", "str_rep");
        var given = part.Optional("prepend_scheme");
        var scheme = given.Element.ValueKind == JsonValueKind.Undefined ? PrependScheme.Always : SchemeOf(given);

        // Older files say add_prefix_space, and repeat the replacement as str_rep.
        var prefix = part.Optional("add_prefix_space");
        if (!prefix.IsNull && !prefix.Truth())
        {
            if (given.Element.ValueKind != JsonValueKind.Undefined && scheme != PrependScheme.Never)
                throw prefix.Problem("false does not go with the given prepend_scheme; never does");
            if (given.Element.ValueKind == JsonValueKind.Undefined) scheme = PrependScheme.Never;
        }

        part.Optional("str_rep").TextOrNull();
        var split = part.Optional("split");
        return new MetaspacePreTokenizer(Character(part.Required("replacement")), scheme, split.IsNull || split.Truth());
    }

    private static PrependScheme SchemeOf(JsonPart part) => part.Text() switch
    {
        "first" => PrependScheme.First,
        "never" => PrependScheme.Never,
        "always" => PrependScheme.Always,
        var other => throw part.Problem($"the scheme \"{other}\" is not known; first, never and always are"),
    };

    private static PunctuationPreTokenizer ReadPunctuation(JsonPart part)
    {
        part.RefuseOthers("type", "behavior");
        var behavior = part.Optional("behavior");
        return new PunctuationPreTokenizer(
            behavior.Element.ValueKind == JsonValueKind.Undefined ? SplitBehavior.Isolated : BehaviorOf(behavior));
    }

    private static DigitsPreTokenizer ReadDigits(JsonPart part)
    {
        part.RefuseOthers("type", "individual_digits");
        return new DigitsPreTokenizer(part.Required("individual_digits").Truth());
    }

    private static SplitPreTokenizer ReadSplit(JsonPart part)
    {
        part.RefuseOthers("type", "pattern", "behavior", "invert");
        return new SplitPreTokenizer(
            PatternReader.Read(part.Required("pattern")), BehaviorOf(part.Required("behavior")), part.Required("invert").Truth());
    }

    private static SplitBehavior BehaviorOf(JsonPart part) => part.Text() switch
    {
        "Removed" => SplitBehavior.Removed,
        "Isolated" => SplitBehavior.Isolated,
        "MergedWithPrevious" => SplitBehavior.MergedWithPrevious,
        "MergedWithNext" => SplitBehavior.MergedWithNext,
        "Contiguous" => SplitBehavior.Contiguous,
        var other => throw part.Problem(
            $"the behavior \"{other}\" is not known; Removed, Isolated, MergedWithPrevious, MergedWithNext and Contiguous are"),
    };

    private static CharDelimiterSplitPreTokenizer ReadDelimiter(JsonPart part)
    {
        part.RefuseOthers("type", "delimiter");
        return new CharDelimiterSplitPreTokenizer(Character(part.Required("delimiter")));
    }

    private static FixedLengthPreTokenizer ReadFixedLength(JsonPart part)
    {
        part.RefuseOthers("type", "length");
        var given = part.Optional("length");
        var length = given.Element.ValueKind == JsonValueKind.Undefined ? UsualLength : given.Integer();
        return length > 0 ? new FixedLengthPreTokenizer(length) : throw given.Problem("must be at least 1");
    }

    private static SequencePreTokenizer ReadSequence(JsonPart part)
    {
        part.RefuseOthers("type", "pretokenizers");
        return new SequencePreTokenizer(part.Required("pretokenizers").Items().Select(ReadKnown).ToList());
    }

    private static string Character(JsonPart part)
    {
        var text = part.Text();
        var isOne = text.Length == 1 || (text.Length == 2 && char.IsSurrogatePair(text[0], text[1]));
        return isOne ? text : throw part.Problem($"must be one character, but is \"{text}\"");
    }
}
