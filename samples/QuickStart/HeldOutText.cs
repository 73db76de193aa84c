using System.Text;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Ml.Llm.Samples.QuickStart;

/// <summary>How many tokens and bytes the held-out text has: bits per byte compare models whose tokenizers differ.</summary>
/// <param name="Tokens">Its tokens, an end of text after each document.</param>
/// <param name="Bytes">Its bytes in UTF-8.</param>
internal readonly record struct HeldOutText(long Tokens, long Bytes)
{
    // Training puts an end of text after each document, and nothing else around it.
    private static readonly TokenEncodingOptions s_plain = new() { AddSpecialTokens = false };

    /// <summary>Counts by reading the set once.</summary>
    internal static HeldOutText Count(IDataView heldOut, LanguageModelTokenizer tokenizer)
    {
        long tokens = 0, bytes = 0;
        foreach (var text in heldOut.GetColumn<string>(TextCorpus.Column))
        {
            tokens += tokenizer.Encode(text, s_plain).Ids.Count + 1;
            bytes += Encoding.UTF8.GetByteCount(text);
        }

        return new HeldOutText(tokens, bytes);
    }

    /// <summary>A loss in nats a token as bits a byte.</summary>
    internal double BitsPerByte(double loss) => loss / Math.Log(2) * Tokens / Bytes;
}
