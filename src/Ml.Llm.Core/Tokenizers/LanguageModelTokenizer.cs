using System.Buffers;
using System.Text;
using Microsoft.ML.Tokenizers;
using Ml.Llm.Tokenization;

namespace Ml.Llm;

/// <summary>A tokenizer in Hugging Face's form, trained here or read from tokenizer.json.</summary>
/// <remarks>
/// <para>The methods of <see cref="Tokenizer"/> encode plain text: no token is put around it, and the text of a special
/// token inside it is text like any other. <see cref="Encode"/> does both on request.</para>
/// <para>Offsets are UTF-16 units of the text that was given. A lone surrogate is encoded as U+FFFD.</para>
/// </remarks>
/// <threadsafety>Immutable; all members may be called from any number of threads.</threadsafety>
public sealed partial class LanguageModelTokenizer : Tokenizer
{
    internal LanguageModelTokenizer(TokenizerPipeline pipeline, SpecialTokenIds specialTokens, int? maxLength = null)
    {
        Pipeline = pipeline;
        SpecialTokens = specialTokens;
        MaxLength = maxLength;
    }

    /// <summary>The largest id plus one: how many rows an embedding of this vocabulary needs.</summary>
    public int VocabularySize => Pipeline.Size;

    /// <summary>The ids of the tokens that begin, end and fill texts, and of the unknown one.</summary>
    public SpecialTokenIds SpecialTokens { get; }

    /// <summary>How many tokens the model of this tokenizer takes, as its files say (<c>model_max_length</c>); null: no limit known.</summary>
    public int? MaxLength { get; }

    /// <summary>The parts that do the work.</summary>
    internal TokenizerPipeline Pipeline { get; }

    /// <summary>The token of an id as the vocabulary spells it, or null.</summary>
    /// <param name="id">The id.</param>
    public string? TokenOf(int id) => Pipeline.TokenOf(id);

    /// <summary>The id of a token, or null.</summary>
    /// <param name="token">The token as the vocabulary spells it.</param>
    /// <exception cref="ArgumentNullException">The token is null.</exception>
    public int? IdOf(string token)
    {
        ArgumentNullException.ThrowIfNull(token);
        return Pipeline.IdOf(token);
    }

    /// <summary>Encodes a text with all that is known of its tokens.</summary>
    /// <param name="text">The text.</param>
    /// <param name="options">Which special tokens to add and to recognize; null: the defaults.</param>
    /// <exception cref="ArgumentNullException">The text is null.</exception>
    public TokenEncoding Encode(string text, TokenEncodingOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        options ??= new TokenEncodingOptions();
        var tokens = Pipeline.EncodeDetailed(text, options.ParseSpecialTokens, preTokenize: true);
        Pipeline.PostProcessor?.TrimOffsets(tokens, Spell);
        if (options.AddSpecialTokens && Pipeline.PostProcessor is { } processor) tokens = processor.AddSpecialTokens(tokens);
        return new TokenEncoding(
            tokens.Select(token => token.Id).ToArray(),
            tokens.Select(token => Spell(token)).ToArray(),
            tokens.SelectMany(token => new[] { token.Start, token.End }).ToArray(),
            tokens.Select(token => token.Word < 0 ? null : (int?)token.Word).ToArray(),
            tokens.Select(token => token.TypeId).ToArray(),
            tokens.Select(token => token.Word < 0).ToArray());
    }

    /// <summary>Decodes ids; ids that stand for no token contribute nothing, bytes that are no character give U+FFFD.</summary>
    /// <param name="ids">The ids.</param>
    /// <returns>The text, special tokens included.</returns>
    /// <exception cref="ArgumentNullException">The ids are null.</exception>
    public override string Decode(IEnumerable<int> ids) => Decode(ids, skipSpecialTokens: false);

    /// <summary>Decodes ids; ids that stand for no token contribute nothing, bytes that are no character give U+FFFD.</summary>
    /// <param name="ids">The ids.</param>
    /// <param name="skipSpecialTokens">Leaves special tokens out.</param>
    /// <exception cref="ArgumentNullException">The ids are null.</exception>
    public string Decode(IEnumerable<int> ids, bool skipSpecialTokens)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var bytes = new ArrayBufferWriter<byte>();
        foreach (var id in ids)
        {
            if (!skipSpecialTokens || !Pipeline.IsSpecial(id)) bytes.Write(Pipeline.BytesOf(id));
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <summary>Decodes ids into room that the caller gives.</summary>
    /// <param name="ids">The ids.</param>
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

    /// <inheritdoc/>
    protected override EncodeResults<EncodedToken> EncodeToTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        var tokens = Limited(textSpan, settings, out var consumed);
        Pipeline.PostProcessor?.TrimOffsets(tokens, Spell);
        var results = new EncodedToken[tokens.Count];
        for (var i = 0; i < results.Length; i++)
            results[i] = new EncodedToken(tokens[i].Id, Spell(tokens[i]), new Range(tokens[i].Start, tokens[i].End));
        return new EncodeResults<EncodedToken> { Tokens = results, CharsConsumed = consumed };
    }

    /// <inheritdoc/>
    protected override EncodeResults<int> EncodeToIds(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        var ids = new List<int>();
        if (settings.MaxTokenCount == int.MaxValue)
        {
            Pipeline.Encode(textSpan, parseSpecialTokens: false, settings.ConsiderPreTokenization, ids);
            return new EncodeResults<int> { Tokens = ids, CharsConsumed = textSpan.Length };
        }

        var tokens = Limited(textSpan, settings, out var consumed);
        foreach (var token in tokens) ids.Add(token.Id);
        return new EncodeResults<int> { Tokens = ids, CharsConsumed = consumed };
    }

    /// <inheritdoc/>
    protected override int CountTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings) =>
        EncodeToIds(text, textSpan, settings).Tokens.Count;

    /// <summary>Adds the ids of a text to a list: the fast way. No token is put around it, special text is text.</summary>
    internal void EncodeInto(ReadOnlySpan<char> text, List<int> ids) => Pipeline.Encode(text, parseSpecialTokens: false, preTokenize: true, ids);

    private string Spell(DetailedToken token) => token.Text ?? Pipeline.TokenOf(token.Id) ?? "";

    /// <summary>At most as many tokens as the settings allow, cut where a character ends, and the length of the text that they are.</summary>
    private List<DetailedToken> Limited(ReadOnlySpan<char> text, EncodeSettings settings, out int consumed)
    {
        var most = settings.MaxTokenCount;
        var tokens = Pipeline.EncodeDetailed(text, parseSpecialTokens: false, settings.ConsiderPreTokenization, most);
        consumed = text.Length;
        if (tokens.Count <= most) return tokens;

        var kept = Math.Max(most, 0);
        while (kept > 0 && tokens[kept - 1].EndsInside) kept--;
        consumed = kept == 0 ? 0 : tokens[kept - 1].End;
        tokens.RemoveRange(kept, tokens.Count - kept);
        return tokens;
    }
}
