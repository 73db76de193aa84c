namespace Ml.Llm.Tokenization;

/// <summary>What happens to a text before the model: it is normalized and split into pieces. Trainers count these.</summary>
/// <param name="normalizer">The normalizer, or null.</param>
/// <param name="preTokenizer">The pre-tokenizer; null: the whole text is one piece.</param>
/// <param name="leavesBytes">Whether pieces of a byte-level pre-tokenizer stay text, whose UTF-8 bytes are meant.</param>
/// <threadsafety>Safe for any number of threads.</threadsafety>
internal sealed class TextPreparation(INormalizer? normalizer, IPreTokenizer? preTokenizer, bool leavesBytes = false)
{
    private readonly IPreTokenizer? _preTokenizer = leavesBytes ? preTokenizer?.LeavingBytes() : preTokenizer;

    /// <summary>Prepares a text. The result holds until it is disposed of.</summary>
    public PreparedText Prepare(ReadOnlySpan<char> text)
    {
        var buffers = EncodingBuffers.Rent();
        buffers.Text.Load(text, 0, keepsPlaces: false);
        if (!text.IsEmpty) normalizer?.Normalize(buffers.Text);
        buffers.Pieces.Begin(0, buffers.Text.Length);
        _preTokenizer?.Split(buffers.Text, buffers.Pieces);
        return new PreparedText(buffers);
    }
}

/// <summary>A text that is normalized and split.</summary>
internal readonly ref struct PreparedText(EncodingBuffers buffers)
{
    /// <summary>The normalized text.</summary>
    public ReadOnlySpan<char> Units => buffers.Text.Units;

    /// <summary>Its pieces, none of them empty.</summary>
    public ReadOnlySpan<(int Start, int End)> Pieces => buffers.Pieces.Items;

    /// <summary>Gives the buffers back.</summary>
    public void Dispose() => buffers.Return();
}
