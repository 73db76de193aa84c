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

/// <summary>Splits by GPT-2's pattern (or not at all); the model then sees bytes.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class ByteLevelPreTokenizer(ByteLevelOptions options) : IPreTokenizer
{
    public ByteLevelOptions Options { get; } = options;

    public bool LeavesBytesToModel => true;

    public bool WantsSpaceBefore(ReadOnlySpan<char> text) => Options.AddPrefixSpace && !text.IsEmpty && text[0] != ' ';

    public void Split(ReadOnlySpan<char> text, int start, int end, PieceList pieces)
    {
        if (!Options.UseRegex)
        {
            if (start < end) pieces.Add(start, end);
            return;
        }

        var range = text[..end];
        while (start < end)
        {
            var next = Gpt2Pattern.EndOfMatch(range, start);
            pieces.Add(start, next);
            start = next;
        }
    }

    public void WriteTo(JsonOutput output) => Options.WriteTo(output);
}
