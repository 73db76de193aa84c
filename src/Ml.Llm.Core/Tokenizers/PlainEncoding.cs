using Microsoft.ML.Tokenizers;

namespace Ml.Llm.Tokenization;

/// <summary>Encodes a text with any tokenizer and puts no token around it, as running text and prompts are encoded.</summary>
/// <remarks>Some of Microsoft's tokenizers put tokens around every text by themselves; those that do are asked not to.</remarks>
/// <threadsafety>As that of the tokenizer.</threadsafety>
internal static class PlainEncoding
{
    // Plain prose: what tells vocabularies apart. From the same files Microsoft's tokenizers may treat symbols and accents in another
    // way than Hugging Face's, which is no reason to take them for files of another one.
    private const string Probe = "The quick brown fox jumps over 13 lazy dogs. It does not stop, does it?";

    /// <summary>Adds the ids of a text to a list.</summary>
    public static void EncodeInto(Tokenizer tokenizer, string text, List<int> ids)
    {
        switch (tokenizer)
        {
            case LanguageModelTokenizer ours:
                ours.EncodeInto(text, ids);
                break;
            case BertTokenizer bert:
                ids.AddRange(bert.EncodeToIds(text, addSpecialTokens: false));
                break;
            case SentencePieceTokenizer pieces:
                ids.AddRange(pieces.EncodeToIds(text, addBeginningOfSentence: false, addEndOfSentence: false));
                break;
            case CodeGenTokenizer code:
                ids.AddRange(code.EncodeToIds(text, code.AddPrefixSpace, addBeginningOfSentence: false, addEndOfSentence: false));
                break;
            default:
                ids.AddRange(tokenizer.EncodeToIds(text));
                break;
        }
    }

    /// <summary>The tokenizer that files hold, where it encodes a sentence as the one that they are said to be of.</summary>
    /// <param name="tokenizer">Another library's tokenizer.</param>
    /// <param name="files">A file or folder that <see cref="LanguageModelTokenizer.FromPretrained"/> reads.</param>
    /// <exception cref="ArgumentException">They hold another tokenizer.</exception>
    /// <inheritdoc cref="LanguageModelTokenizer.FromPretrained" path="/exception"/>
    public static LanguageModelTokenizer ReadFiles(Tokenizer tokenizer, string files)
    {
        var read = LanguageModelTokenizer.FromPretrained(files);
        var (theirs, ours) = (new List<int>(), new List<int>());
        EncodeInto(tokenizer, Probe, theirs);
        EncodeInto(read, Probe, ours);
        return theirs.SequenceEqual(ours)
            ? read
            : throw new ArgumentException(
                $"The files at {files} hold another tokenizer than the {tokenizer.GetType().FullName}: of \"{Probe}\" the one makes other tokens than the other. "
                + "Give the files that it was made from, or train with LanguageModelTokenizer.FromPretrained of them.",
                nameof(files));
    }

    /// <summary>Why another library's tokenizer cannot be saved.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="what">What holds it, as in "A model".</param>
    /// <param name="wayOut">What to do besides reading it as one of ours.</param>
    public static NotSupportedException NotSaved(Tokenizer tokenizer, string what, string wayOut = "") => new(
        $"{what} with a {tokenizer.GetType().FullName} cannot be saved: only a LanguageModelTokenizer can be written as tokenizer.json. "
        + $"Read the same tokenizer with LanguageModelTokenizer.FromPretrained, or train one with ml.Llm.Tokenizers, and use that{wayOut}.");
}
