namespace Ml.Llm.Tokenization;

/// <summary>Several pre-tokenizers: each splits the pieces of the one before, and sees each alone.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class SequencePreTokenizer(IReadOnlyList<IPreTokenizer> steps) : IPreTokenizer
{
    public bool LeavesBytesToModel => steps.Count > 0 && steps[^1].LeavesBytesToModel;

    public IPreTokenizer LeavingBytes() => LeavesBytesToModel ? new SequencePreTokenizer([.. steps.SkipLast(1), steps[^1].LeavingBytes()]) : this;

    public void Split(AlignedText text, PieceList pieces)
    {
        foreach (var step in steps) step.Split(text, pieces);
    }

    public void WriteTo(JsonOutput output)
    {
        output.BeginObject();
        output.Text("type", "Sequence");
        output.Name("pretokenizers");
        output.BeginArray();
        foreach (var step in steps) step.WriteTo(output);
        output.EndArray();
        output.EndObject();
    }
}
