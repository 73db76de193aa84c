using Microsoft.ML.Tokenizers;
using Ml.Llm.Tokenization;

namespace Ml.Llm;

/// <summary>A tokenizer in Hugging Face's form, trained here or read from tokenizer.json.</summary>
/// <remarks>
/// <para>The methods of <see cref="Tokenizer"/> put the post-processor's special tokens around a text and count them; the text
/// of a special token inside it is text like any other; nothing is cut or padded but by their own limit of tokens.
/// <see cref="Encode(string, TokenEncodingOptions)"/> does each on request, and cuts and pads as the file says.</para>
/// <para>Offsets are UTF-16 units of the text that was given, so the normalized text that <see cref="Tokenizer"/>'s methods hand
/// out is always null. A lone surrogate is encoded as U+FFFD. <see cref="Decode(IEnumerable{int})"/> keeps special tokens.</para>
/// </remarks>
/// <threadsafety>Immutable; all members may be called from any number of threads.</threadsafety>
public sealed partial class LanguageModelTokenizer : Tokenizer
{
    // By kind: a text without and with special tokens, a pair without and with them.
    private readonly EncodingPlan[] _plans;

    // What was read beside tokenizer.json, to be written again.
    private readonly TokenizerSideFiles _sideFiles;

    internal LanguageModelTokenizer(TokenizerPipeline pipeline, SpecialTokenIds specialTokens, int? maxLength = null, TokenizerSideFiles? sideFiles = null)
    {
        _sideFiles = sideFiles ?? TokenizerSideFiles.None;
        Pipeline = pipeline;
        SpecialTokens = specialTokens;
        MaxLength = maxLength;
        _plans =
        [
            EncodingPlan.Of(pipeline.PostProcessor, pair: false, addSpecialTokens: false),
            EncodingPlan.Of(pipeline.PostProcessor, pair: false, addSpecialTokens: true),
            EncodingPlan.Of(pipeline.PostProcessor, pair: true, addSpecialTokens: false),
            EncodingPlan.Of(pipeline.PostProcessor, pair: true, addSpecialTokens: true),
        ];
    }

    /// <summary>The largest id plus one: how many rows an embedding of this vocabulary needs.</summary>
    public int VocabularySize => Pipeline.Size;

    /// <summary>The ids of the tokens that begin, end and fill texts, and of the unknown one.</summary>
    public SpecialTokenIds SpecialTokens { get; }

    /// <summary>How many tokens the model of this tokenizer takes, as its files say (<c>model_max_length</c>); null: no limit known.</summary>
    public int? MaxLength { get; }

    /// <summary>How encodings with too many tokens are cut unless told otherwise, as the file says; null: not at all.</summary>
    public TruncationOptions? Truncation => Pipeline.Truncation;

    /// <summary>How encodings with too few tokens are padded unless told otherwise, as the file says; null: not at all.</summary>
    public PaddingOptions? Padding => Pipeline.Padding;

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
}
