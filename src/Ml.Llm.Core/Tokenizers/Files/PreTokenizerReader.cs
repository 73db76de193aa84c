namespace Ml.Llm.Tokenization;

/// <summary>Reads the pre-tokenizer of a tokenizer.json.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class PreTokenizerReader
{
    /// <summary>Reads the pre-tokenizer, which may be null.</summary>
    public static IPreTokenizer? Read(JsonPart part)
    {
        if (part.IsNull) return null;
        return TokenizerJsonReader.TypeOf(part) == "ByteLevel" ? new ByteLevelPreTokenizer(ByteLevelReader.Read(part)) : throw TokenizerJsonReader.NotKnown(part);
    }
}
