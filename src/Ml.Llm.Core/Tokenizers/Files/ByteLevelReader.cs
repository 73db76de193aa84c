namespace Ml.Llm.Tokenization;

/// <summary>Reads the three options that ByteLevel parts of a tokenizer.json share.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class ByteLevelReader
{
    /// <summary>Reads them from any ByteLevel part.</summary>
    public static ByteLevelOptions Read(JsonPart part)
    {
        part.RefuseOthers("type", "add_prefix_space", "trim_offsets", "use_regex");
        return new ByteLevelOptions(
            part.Required("add_prefix_space").Truth(), part.Required("trim_offsets").Truth(), part.Truth("use_regex", otherwise: true));
    }
}
