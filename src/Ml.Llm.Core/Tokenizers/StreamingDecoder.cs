using System.Runtime.InteropServices;
using System.Text;
using Ml.Llm.Tokenization;

namespace Ml.Llm;

/// <summary>
/// Turns ids into text one by one, as they are generated. What ends inside a character, or in bytes that are none, is held
/// back until more has come; the pieces put together are the text of all ids.
/// </summary>
/// <remarks>
/// Where a decoder takes text back that was given out (a byte of its own turns out to begin bytes that are no character), the
/// stream goes on with the text that differs.
/// A decoder's text for a token depends on its neighbours, so that the ids of the last piece given out are kept and decoded
/// again with those that follow. Never more than a thousand bytes are held back, so that memory does not grow with the stream,
/// and each id takes the same time.
/// </remarks>
/// <threadsafety>Belongs to one thread at a time.</threadsafety>
public sealed class StreamingDecoder
{
    private const int MostHeldBytes = 1024;
    private const int MostHeldIds = 256;
    private const char Replacement = '\uFFFD';

    private readonly TokenDecoding _decoding;
    private readonly bool _skipSpecialTokens;
    private readonly List<byte> _heldBytes = [];  // of a byte-level decoder: what is not given out yet
    private readonly List<int> _ids = [];         // of others: first those of the last piece given out, then those held back
    private int _given;
    private string _givenText = "";

    /// <summary>Begins a stream.</summary>
    /// <param name="tokenizer">The tokenizer whose ids will come.</param>
    /// <param name="skipSpecialTokens">Leaves special tokens out. Default true.</param>
    /// <exception cref="ArgumentNullException">The tokenizer is null.</exception>
    public StreamingDecoder(LanguageModelTokenizer tokenizer, bool skipSpecialTokens = true)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        (_decoding, _skipSpecialTokens) = (tokenizer.Decoding, skipSpecialTokens);
    }

    /// <summary>Takes the next id.</summary>
    /// <param name="id">An id; one that stands for no token contributes nothing.</param>
    /// <returns>The text that is new, or "" while there is none.</returns>
    public string Append(int id)
    {
        if (_skipSpecialTokens && _decoding.IsSpecial(id)) return "";
        return _decoding.IsByteLevel ? AppendBytes(_decoding.BytesOf(id)) : AppendToken(id);
    }

    /// <summary>Gives out what is held back, with U+FFFD for what is no character, and begins anew.</summary>
    public string Flush()
    {
        var text = _decoding.IsByteLevel ? HeldText() : NewIn(TextOfIds());
        _heldBytes.Clear();
        _ids.Clear();
        (_given, _givenText) = (0, "");
        return text;
    }

    private string AppendBytes(ReadOnlySpan<byte> bytes)
    {
        _heldBytes.AddRange(bytes);
        var text = HeldText();
        if (text.EndsWith(Replacement) && _heldBytes.Count < MostHeldBytes) return "";
        _heldBytes.Clear();
        return text;
    }

    private string AppendToken(int id)
    {
        if (_decoding.Pipeline.TokenOf(id) is null) return "";
        if (_givenText.Length == 0 && _ids.Count > 0 && TextOfIds() is var silent && !silent.EndsWith(Replacement))
            (_given, _givenText) = (_ids.Count, silent);

        _ids.Add(id);
        var text = TextOfIds();
        var holds = text.Length <= _givenText.Length || text.EndsWith(Replacement);
        if (holds && _ids.Count - _given < MostHeldIds) return "";

        var added = NewIn(text);
        _ids.RemoveRange(0, _given);
        (_given, _givenText) = (_ids.Count, TextOfIds());
        return added;
    }

    /// <summary>What follows the text that was given out; where a decoder has changed its mind about that, what differs.</summary>
    private string NewIn(string text) => text[text.AsSpan().CommonPrefixLength(_givenText)..];

    private string TextOfIds() => _decoding.TextOf(_ids, skipSpecialTokens: false);

    private string HeldText() => Encoding.UTF8.GetString(CollectionsMarshal.AsSpan(_heldBytes));
}
