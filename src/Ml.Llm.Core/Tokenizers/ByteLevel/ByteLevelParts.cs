namespace Ml.Llm.Tokenization;

/// <summary>The three options that every ByteLevel part carries, whether it heeds them or not.</summary>
/// <param name="AddPrefixSpace">Put a space before a text that has none.</param>
/// <param name="TrimOffsets">Leave white space out of offsets (heeded by the post-processor).</param>
/// <param name="UseRegex">Split by GPT-2's pattern (heeded by the pre-tokenizer).</param>
internal sealed record ByteLevelOptions(bool AddPrefixSpace = true, bool TrimOffsets = true, bool UseRegex = true)
{
    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "ByteLevel");
        output.Truth("add_prefix_space", AddPrefixSpace);
        output.Truth("trim_offsets", TrimOffsets);
        output.Truth("use_regex", UseRegex);
        output.EndObject();
    }
}

