using Microsoft.ML.Tokenizers;
using Ml.Llm.Models;

namespace Ml.Llm;

/// <summary>A language model: its configuration, its weights, and the tokenizer that it was trained with.</summary>
/// <threadsafety>Generating and saving may be called from several threads at once; disposing may not.</threadsafety>
public sealed partial class LanguageModel : IDisposable
{
    internal LanguageModel(ModelConfig config, Tokenizer? tokenizer, DecoderModel network, LanguageModelTokenizer? fileTokenizer = null)
    {
        Config = config;
        Tokenizer = tokenizer;
        FileTokenizer = tokenizer as LanguageModelTokenizer ?? fileTokenizer;
        Network = network;
        EndTokenIds = config.EosTokenIds;
    }

    /// <summary>What the model is made of.</summary>
    public ModelConfig Config { get; }

    /// <summary>The tokenizer, or null where the model came without one.</summary>
    public Tokenizer? Tokenizer { get; }

    /// <summary>The tokenizer that is saved: the model's own, or what the files of another library's hold; null where there is none.</summary>
    internal LanguageModelTokenizer? FileTokenizer { get; }

    /// <summary>The number of weights, each shared one once.</summary>
    public long ParameterCount => Network.Parameters.ParameterCount;

    /// <summary>The model itself.</summary>
    internal DecoderModel Network { get; }

    /// <summary>Makes a model with freshly drawn weights.</summary>
    /// <param name="config">What it is made of. Vocabulary size and special tokens are taken from a <see cref="LanguageModelTokenizer"/>, and from here with any other.</param>
    /// <param name="tokenizer">The tokenizer that it is for.</param>
    /// <param name="seed">Draws the weights; the same seed draws the same.</param>
    /// <returns>The model, untrained.</returns>
    /// <exception cref="ArgumentException">The configuration is not possible.</exception>
    /// <exception cref="EngineNotFoundException">No engine package is installed.</exception>
    public static LanguageModel Create(ModelConfig config, Tokenizer tokenizer, int seed = 0)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(tokenizer);
        if (tokenizer is LanguageModelTokenizer ours)
        {
            config = config with
            {
                VocabSize = ours.VocabularySize,
                BosTokenId = ours.SpecialTokens.Bos,
                EosTokenId = ours.SpecialTokens.Eos,
                PadTokenId = ours.SpecialTokens.Pad,
            };
        }

        config.Validate();
        return new LanguageModel(config, tokenizer, new DecoderModel(config.ToShape(), seed: seed, initializerRange: (float)config.InitializerRange));
    }

    /// <summary>Gives the weights' memory back.</summary>
    public void Dispose() => Network.Dispose();
}
