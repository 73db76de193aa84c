namespace Ml.Llm.Tokenization;

/// <summary>A text on its way through the parts, with the place in the original of each of its UTF-16 units.</summary>
/// <threadsafety>Belongs to one thread at a time.</threadsafety>
internal sealed class AlignedText
{
}
