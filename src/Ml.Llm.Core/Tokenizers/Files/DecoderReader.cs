namespace Ml.Llm.Tokenization;

/// <summary>Reads the decoder of a tokenizer.json.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class DecoderReader
{
    /// <summary>Reads the decoder.</summary>
    public static ITokenDecoder Read(JsonPart part) =>
        TokenizerJsonReader.TypeOf(part) == "ByteLevel" ? new ByteLevelDecoder(ByteLevelReader.Read(part)) : throw TokenizerJsonReader.NotKnown(part);
}
