using Ml.Llm.Tokenization;

namespace Ml.Llm;

/// <content>Other ways to write a text.</content>
public sealed partial class LanguageModelTokenizer
{
    /// <summary>A tokenizer that draws the way a text is written as tokens, or again takes the one way. This one stays as it is.</summary>
    /// <param name="options">How to draw; null: nothing is drawn, and BPE's dropout, which the file may ask for, is off.</param>
    /// <remarks>Use it for training only: the same text gets other ids each time. A dropout is written into tokenizer.json, Unigram's options are not.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="NotSupportedException">The model is neither BPE nor Unigram, and has one way only.</exception>
    public LanguageModelTokenizer WithSampling(SubwordSamplingOptions? options)
    {
        options?.Validate();
        ITokenModel model = Pipeline.Model switch
        {
            BytePairModel pairs => new BytePairModel(pairs.Vocabulary.WithDropout(options?.Dropout), pairs.TakesBytes, options?.Seed ?? 0),
            UnigramModel unigram => new UnigramModel(
                unigram.Vocabulary, options is null ? null : new UnigramSampling(options.Alpha, options.NBestSize ?? 0, options.Seed)),
            _ when options is null => Pipeline.Model,
            _ => throw new NotSupportedException("Only BPE and Unigram know several ways to write a word; this tokenizer's model knows one."),
        };
        return new LanguageModelTokenizer(Pipeline.WithModel(model), SpecialTokens, MaxLength, _sideFiles);
    }
}
