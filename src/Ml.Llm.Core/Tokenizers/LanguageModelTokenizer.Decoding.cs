using System.Buffers;
using Ml.Llm.Tokenization;

namespace Ml.Llm;

/// <content>From ids back to text.</content>
public sealed partial class LanguageModelTokenizer
{
    private TokenDecoding? _decoding;

    /// <summary>The way from ids to text, made when it is first asked for.</summary>
    internal TokenDecoding Decoding => _decoding is { } made && made.Pipeline == Pipeline ? made : _decoding = new TokenDecoding(Pipeline);

    /// <summary>Decodes ids to text, special tokens included: <c>Decode(ids, skipSpecialTokens: true)</c> leaves them out.</summary>
    /// <param name="ids">The ids; those that stand for no token contribute nothing.</param>
    /// <returns>The text; bytes that are no character give U+FFFD.</returns>
    /// <exception cref="ArgumentNullException">The ids are null.</exception>
    public override string Decode(IEnumerable<int> ids) => Decode(ids, skipSpecialTokens: false);

    /// <summary>Decodes ids to text as the tokenizer's decoder says; without a decoder spaces stand between the tokens.</summary>
    /// <param name="ids">The ids; those that stand for no token contribute nothing.</param>
    /// <param name="skipSpecialTokens">Leaves special tokens out.</param>
    /// <returns>The text; bytes that are no character give U+FFFD.</returns>
    /// <exception cref="ArgumentNullException">The ids are null.</exception>
    public string Decode(IEnumerable<int> ids, bool skipSpecialTokens)
    {
        ArgumentNullException.ThrowIfNull(ids);
        return Decoding.TextOf(ids, skipSpecialTokens);
    }

    /// <summary>Decodes ids, special tokens included, into room that the caller gives.</summary>
    /// <param name="ids">The ids; those that stand for no token contribute nothing.</param>
    /// <param name="destination">Where the text goes.</param>
    /// <param name="idsConsumed">How many ids are wholly in it; the text never ends inside one's character.</param>
    /// <param name="charsWritten">How many UTF-16 units were written.</param>
    /// <returns><see cref="OperationStatus.Done"/>, or <see cref="OperationStatus.DestinationTooSmall"/> where room was lacking.</returns>
    /// <exception cref="ArgumentNullException">The ids are null.</exception>
    public override OperationStatus Decode(IEnumerable<int> ids, Span<char> destination, out int idsConsumed, out int charsWritten)
    {
        ArgumentNullException.ThrowIfNull(ids);
        (idsConsumed, charsWritten) = (0, 0);
        var decoder = new StreamingDecoder(this, skipSpecialTokens: false);
        var seen = 0;
        foreach (var id in ids)
        {
            seen++;
            var text = decoder.Append(id);
            if (text.Length == 0) continue;
            if (!text.TryCopyTo(destination[charsWritten..])) return OperationStatus.DestinationTooSmall;
            charsWritten += text.Length;
            idsConsumed = seen;
        }

        var rest = decoder.Flush();
        if (!rest.TryCopyTo(destination[charsWritten..])) return OperationStatus.DestinationTooSmall;
        charsWritten += rest.Length;
        idsConsumed = seen;
        return OperationStatus.Done;
    }
}
