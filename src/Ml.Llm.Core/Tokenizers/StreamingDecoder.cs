using System.Text;
using Ml.Llm.Tokenization;

namespace Ml.Llm;

/// <summary>
/// Turns ids into text one by one, as they are generated. What ends inside a character, or in bytes that are none, is held
/// back until more has come.
/// </summary>
/// <threadsafety>Belongs to one thread at a time.</threadsafety>
internal sealed class StreamingDecoder(LanguageModelTokenizer tokenizer, bool skipSpecialTokens = true)
{
    private const int MostHeldBytes = 1024;
    private const char Replacement = '\uFFFD';

    private readonly TokenizerPipeline _pipeline = tokenizer.Pipeline;
    private readonly List<byte> _held = [];

    /// <summary>Takes the next id.</summary>
    /// <param name="id">An id; one that stands for no token contributes nothing.</param>
    /// <returns>The text that is new, or "" while there is none.</returns>
    public string Append(int id)
    {
        if (skipSpecialTokens && _pipeline.IsSpecial(id)) return "";
        foreach (var value in _pipeline.BytesOf(id)) _held.Add(value);
        var text = Text();
        if (text.EndsWith(Replacement) && _held.Count < MostHeldBytes) return "";
        _held.Clear();
        return text;
    }

    /// <summary>Gives out what is held back, with U+FFFD for what is no character, and begins anew.</summary>
    public string Flush()
    {
        var text = Text();
        _held.Clear();
        return text;
    }

    private string Text() => Encoding.UTF8.GetString(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_held));
}
