namespace Ml.Llm.Tokenization;

/// <summary>Reads the normalizer of a tokenizer.json.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class NormalizerReader
{
    /// <summary>Reads the normalizer.</summary>
    public static INormalizer Read(JsonPart part) => TokenizerJsonReader.TypeOf(part) switch
    {
        "NFC" => Plain(part, new UnicodeNormalizer(NormalForm.Nfc)),
        "NFD" => Plain(part, new UnicodeNormalizer(NormalForm.Nfd)),
        "NFKC" => Plain(part, new UnicodeNormalizer(NormalForm.Nfkc)),
        "NFKD" => Plain(part, new UnicodeNormalizer(NormalForm.Nfkd)),
        "Lowercase" => Plain(part, new LowercaseNormalizer()),
        "StripAccents" => Plain(part, new StripAccentsNormalizer()),
        "Nmt" => Plain(part, new NmtNormalizer()),
        "ByteLevel" => Plain(part, new ByteLevelNormalizer()),
        "Strip" => ReadStrip(part),
        "Replace" => ReadReplace(part),
        "Prepend" => new PrependNormalizer(OnlyText(part, "prepend")),
        "Append" => new AppendNormalizer(OnlyText(part, "append")),
        "BertNormalizer" => ReadBert(part),
        "Precompiled" => ReadPrecompiled(part),
        "Sequence" => ReadSequence(part),
        _ => throw TokenizerJsonReader.NotKnown(part),
    };

    private static INormalizer Plain(JsonPart part, INormalizer normalizer)
    {
        part.RefuseOthers("type");
        return normalizer;
    }

    private static string OnlyText(JsonPart part, string name)
    {
        part.RefuseOthers("type", name);
        return part.Required(name).Text();
    }

    private static StripNormalizer ReadStrip(JsonPart part)
    {
        part.RefuseOthers("type", "strip_left", "strip_right");
        return new StripNormalizer(part.Required("strip_left").Truth(), part.Required("strip_right").Truth());
    }

    private static ReplaceNormalizer ReadReplace(JsonPart part)
    {
        part.RefuseOthers("type", "pattern", "content");
        return new ReplaceNormalizer(PatternReader.Read(part.Required("pattern")), part.Required("content").Text());
    }

    private static BertNormalizer ReadBert(JsonPart part)
    {
        part.RefuseOthers("type", "clean_text", "handle_chinese_chars", "strip_accents", "lowercase");
        var accents = part.Optional("strip_accents");
        return new BertNormalizer(new BertNormalizerOptions(
            part.Required("clean_text").Truth(),
            part.Required("handle_chinese_chars").Truth(),
            accents.IsNull ? null : accents.Truth(),
            part.Required("lowercase").Truth()));
    }

    private static PrecompiledNormalizer ReadPrecompiled(JsonPart part)
    {
        part.RefuseOthers("type", "precompiled_charsmap");
        var map = part.Required("precompiled_charsmap");
        try
        {
            return new PrecompiledNormalizer(map.Text());
        }
        catch (FormatException problem)
        {
            throw map.Problem($"the character map cannot be read: it {problem.Message}", problem);
        }
    }

    private static SequenceNormalizer ReadSequence(JsonPart part)
    {
        part.RefuseOthers("type", "normalizers");
        return new SequenceNormalizer(part.Required("normalizers").Items().Select(Read).ToList());
    }
}
