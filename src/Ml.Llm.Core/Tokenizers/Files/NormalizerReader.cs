namespace Ml.Llm.Tokenization;

/// <summary>Reads the normalizer of a tokenizer.json.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class NormalizerReader
{
    /// <summary>Reads the normalizer.</summary>
    public static INormalizer Read(JsonPart part) => throw TokenizerJsonReader.NotKnown(part);
}
