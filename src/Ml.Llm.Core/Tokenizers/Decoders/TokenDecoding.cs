using System.Buffers;
using System.Text;

namespace Ml.Llm.Tokenization;

/// <summary>The way from ids to text: tokens, the decoder's steps, one text. Without a decoder spaces stand between the tokens.</summary>
/// <remarks>Where the decoder is ByteLevel alone, the bytes of each token are kept, and no token is looked at again.</remarks>
/// <threadsafety>Safe for any number of threads.</threadsafety>
internal sealed class TokenDecoding
{
    private readonly byte[]?[] _bytes;

    /// <summary>Makes the way back for a tokenizer's parts.</summary>
    public TokenDecoding(TokenizerPipeline pipeline)
    {
        Pipeline = pipeline;
        IsByteLevel = IsByteLevelAlone(pipeline.Decoder);
        _bytes = IsByteLevel ? new byte[]?[pipeline.Size] : [];
    }

    /// <summary>The tokenizer's parts.</summary>
    public TokenizerPipeline Pipeline { get; }

    /// <summary>Whether the text is that of the tokens' bytes, so that <see cref="BytesOf"/> may be used.</summary>
    public bool IsByteLevel { get; }

    /// <summary>The bytes of a token's text; none for an id that stands for no token.</summary>
    public ReadOnlySpan<byte> BytesOf(int id)
    {
        if ((uint)id < (uint)_bytes.Length && Volatile.Read(ref _bytes[id]) is { } known) return known;
        if (Pipeline.DecodedFormOf(id) is not { } token) return [];
        var bytes = ByteLevelDecoder.BytesOf(token);
        if ((uint)id < (uint)_bytes.Length) Volatile.Write(ref _bytes[id], bytes);
        return bytes;
    }

    /// <summary>
    /// Whether an id is left out where special tokens are; as with Hugging Face, not that of a special token which is looked for
    /// after normalizing and has another form then.
    /// </summary>
    public bool IsSpecial(int id) => Pipeline.IsSpecial(id) && Pipeline.DecodedFormOf(id) == Pipeline.TokenOf(id);

    /// <summary>The text of some ids; ids that stand for no token contribute nothing.</summary>
    public string TextOf(IEnumerable<int> ids, bool skipSpecialTokens)
    {
        if (IsByteLevel)
        {
            var bytes = new ArrayBufferWriter<byte>();
            foreach (var id in ids)
            {
                if (!skipSpecialTokens || !IsSpecial(id)) bytes.Write(BytesOf(id));
            }

            return Encoding.UTF8.GetString(bytes.WrittenSpan);
        }

        var tokens = new List<string>();
        foreach (var id in ids)
        {
            if ((!skipSpecialTokens || !IsSpecial(id)) && Pipeline.DecodedFormOf(id) is { } token) tokens.Add(token);
        }

        if (Pipeline.Decoder is not { } decoder) return string.Join(' ', tokens);
        decoder.Decode(tokens);
        return string.Concat(tokens);
    }

    private static bool IsByteLevelAlone(ITokenDecoder? decoder) =>
        decoder is ByteLevelDecoder || (decoder is SequenceDecoder { Decoders: [var only] } && IsByteLevelAlone(only));
}
