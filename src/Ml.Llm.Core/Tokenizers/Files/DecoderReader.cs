using System.Text.Json;

namespace Ml.Llm.Tokenization;

/// <summary>Reads the decoder of a tokenizer.json.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class DecoderReader
{
    private static readonly string[] s_schemes = ["always", "first", "never"];

    /// <summary>Reads a decoder; the depth of sequences within each other is bounded by that of the file.</summary>
    public static ITokenDecoder Read(JsonPart part)
    {
        var type = TokenizerJsonReader.TypeOf(part);
        return type switch
        {
            "ByteLevel" => new ByteLevelDecoder(ByteLevelReader.Read(part)),
            "BPEDecoder" => ReadBytePair(part),
            "ByteFallback" => ReadByteFallback(part),
            "CTC" => ReadCtc(part),
            "Fuse" => ReadFuse(part),
            "Metaspace" => ReadMetaspace(part),
            "Replace" => ReadReplace(part),
            "Sequence" => ReadSequence(part),
            "Strip" => ReadStrip(part),
            "WordPiece" => ReadWordPiece(part),
            _ => throw TokenizerJsonReader.NotKnown(part),
        };
    }

    private static BytePairDecoder ReadBytePair(JsonPart part)
    {
        part.RefuseOthers("type", "suffix");
        return new BytePairDecoder(part.Required("suffix").Text());
    }

    private static ByteFallbackDecoder ReadByteFallback(JsonPart part)
    {
        part.RefuseOthers("type");
        return new ByteFallbackDecoder();
    }

    private static CtcDecoder ReadCtc(JsonPart part)
    {
        part.RefuseOthers("type", "pad_token", "word_delimiter_token", "cleanup");
        return new CtcDecoder(part.Required("pad_token").Text(), part.Required("word_delimiter_token").Text(), part.Required("cleanup").Truth());
    }

    private static FuseDecoder ReadFuse(JsonPart part)
    {
        part.RefuseOthers("type");
        return new FuseDecoder();
    }

    private static MetaspaceDecoder ReadMetaspace(JsonPart part)
    {
        part.RefuseOthers("type", "replacement", "add_prefix_space", "prepend_scheme", "split", "str_rep");
        var given = part.Optional("prepend_scheme");
        var scheme = given.Element.ValueKind == JsonValueKind.Undefined ? "always" : given.Text();
        if (!s_schemes.Contains(scheme)) throw given.Problem($"\"{scheme}\" is not one of always, first, never");

        // Older files say only whether a space is put before the text.
        if (part.Optional("add_prefix_space") is { IsNull: false } space && !space.Truth())
        {
            if (given.Element.ValueKind != JsonValueKind.Undefined && scheme != "never")
                throw space.Problem($"false contradicts the prepend_scheme \"{scheme}\"");
            scheme = "never";
        }

        if (part.Optional("str_rep") is { IsNull: false } repeated) repeated.Text();
        var split = part.Optional("split") is not { IsNull: false } cut || cut.Truth();
        return new MetaspaceDecoder(OneCharacter(part.Required("replacement")), scheme, split);
    }

    private static ReplaceDecoder ReadReplace(JsonPart part)
    {
        part.RefuseOthers("type", "pattern", "content");
        return new ReplaceDecoder(PatternReader.Read(part.Required("pattern")), part.Required("content").Text());
    }

    private static SequenceDecoder ReadSequence(JsonPart part)
    {
        part.RefuseOthers("type", "decoders");
        return new SequenceDecoder(part.Required("decoders").Items().Select(Read).ToArray());
    }

    private static StripDecoder ReadStrip(JsonPart part)
    {
        part.RefuseOthers("type", "content", "start", "stop");
        return new StripDecoder(OneCharacter(part.Required("content")), part.Required("start").Integer(), part.Required("stop").Integer());
    }

    private static WordPieceDecoder ReadWordPiece(JsonPart part)
    {
        part.RefuseOthers("type", "prefix", "cleanup");
        return new WordPieceDecoder(part.Required("prefix").Text(), part.Required("cleanup").Truth());
    }

    private static string OneCharacter(JsonPart part)
    {
        var text = part.Text();
        return text.Length == 1 || (text.Length == 2 && char.IsSurrogatePair(text, 0)) ? text : throw part.Problem($"must be one character, but is \"{text}\"");
    }
}
