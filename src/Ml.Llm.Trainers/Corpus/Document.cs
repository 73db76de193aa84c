using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.ML.Tokenizers;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Data;

/// <summary>A document of a corpus: a text, or token ids that were made already.</summary>
/// <param name="Row">The row that it stands in, counted from 0.</param>
/// <param name="Text">The text, or null.</param>
/// <param name="Ids">The ids, or null.</param>
internal sealed record Document(long Row, string? Text, int[]? Ids)
{
    /// <summary>Its length in characters or ids: what encoding it costs.</summary>
    internal int Length => Text?.Length ?? Ids!.Length;

    /// <summary>SHA-256 of the content: the same for equal documents on every machine.</summary>
    internal byte[] Hash() => Text is not null
        ? SHA256.HashData(MemoryMarshal.AsBytes(Text.AsSpan()))
        : SHA256.HashData(MemoryMarshal.AsBytes(Ids.AsSpan()));

    /// <summary>Whether the document belongs to the held-out share, which its hash alone decides.</summary>
    internal bool IsHeldOut(double fraction) =>
        fraction > 0 && BitConverter.ToUInt64(Hash()) < fraction * ulong.MaxValue;

    /// <summary>Appends the document's token ids.</summary>
    internal void EncodeInto(Tokenizer tokenizer, List<int> ids)
    {
        if (Ids is not null)
            ids.AddRange(Ids);
        else
            PlainEncoding.EncodeInto(tokenizer, Text!, ids);
    }
}
