using System.Globalization;
using System.Security.Cryptography;
using Microsoft.ML.Tokenizers;
using Ml.Llm.Data;
using Ml.Llm.Engine;
using Ml.Llm.Models;
using Ml.Llm.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Training;

/// <summary>What training starts from: fresh weights of a configuration, or those of a model, which is left as it is.</summary>
/// <threadsafety>Instances are immutable.</threadsafety>
internal sealed class StartingPoint
{
    private readonly LanguageModel? model;
    private readonly LanguageModelTokenizer? fileTokenizer;

    private StartingPoint(ModelConfig config, Tokenizer tokenizer, SpecialTokenIds special, LanguageModel? model, string? files)
    {
        this.model = model;
        fileTokenizer = files is null ? model?.FileTokenizer : PlainEncoding.ReadFiles(tokenizer, files);
        Config = config;
        Tokenizer = tokenizer;
        EndOfText = special.Eos ?? throw new ArgumentException(
            $"The tokenizer ({tokenizer.GetType().Name}) does not say which token ends a text, and documents are parted by it: set SpecialTokens in the options.");
    }

    internal ModelConfig Config { get; }

    internal Tokenizer Tokenizer { get; }

    /// <summary>The token that ends a document.</summary>
    internal int EndOfText { get; }

    /// <summary>Fresh weights. Vocabulary and special tokens of the configuration are replaced by the tokenizer's.</summary>
    internal static StartingPoint Fresh(Tokenizer tokenizer, ModelConfig config, SpecialTokenIds? given, string? files)
    {
        var special = given ?? OwnSpecialTokens(tokenizer);
        var fitted = config with
        {
            VocabSize = tokenizer is LanguageModelTokenizer ours ? ours.VocabularySize : config.VocabSize,
            BosTokenId = special.Bos,
            EosTokenId = special.Eos,
            PadTokenId = special.Pad == special.Eos ? null : special.Pad, // The row of a pad token is never trained, that of the end token must be.
        };
        fitted.Validate();
        return new StartingPoint(fitted, tokenizer, special, null, files);
    }

    /// <summary>The weights of a model.</summary>
    internal static StartingPoint From(LanguageModel model, SpecialTokenIds? given, string? files)
    {
        var tokenizer = model.Tokenizer ?? throw new ArgumentException("The model came without a tokenizer, so no text can be read for it.", nameof(model));
        var special = given ?? OwnSpecialTokens(tokenizer);
        return new StartingPoint(model.Config, tokenizer, special.Eos is null ? special with { Eos = model.Config.EosTokenId } : special, model, files);
    }

    /// <summary>Makes the network to train.</summary>
    internal DecoderModel MakeNetwork(int seed, Device device)
    {
        if (model is null)
            return new DecoderModel(Config.ToShape(), seed: seed, initializerRange: (float)Config.InitializerRange, device: device);
        var network = new DecoderModel(Config.ToShape(), device: device);
        CopyWeights(model.Network, network);
        return network;
    }

    /// <summary>A model of its own with the network's weights, on the CPU and without what training needs.</summary>
    internal LanguageModel Finish(DecoderModel network)
    {
        var result = new DecoderModel(Config.ToShape());
        CopyWeights(network, result);
        return new LanguageModel(Config, Tokenizer, result, fileTokenizer);
    }

    internal CorpusTokenizer CorpusTokenizer(int threads) => new(Tokenizer, TokenizerFingerprint(), Config.VocabSize, EndOfText, threads);

    /// <summary>What a run starts from, by name: every field of the configuration, the tokenizer, and the weights of a model.</summary>
    internal IEnumerable<(string Name, string Value)> Identity()
    {
        using var json = System.Text.Json.JsonDocument.Parse(Config.ToJson());
        foreach (var field in json.RootElement.EnumerateObject())
            yield return ($"model {field.Name}", field.Value.GetRawText());
        yield return ("tokenizer", TokenizerFingerprint());
        yield return ("end-of-text token", EndOfText.ToString(CultureInfo.InvariantCulture));
        yield return ("initial weights", model is null ? "drawn from the seed" : WeightsFingerprint(model.Network.Parameters.Values));
    }

    private static SpecialTokenIds OwnSpecialTokens(Tokenizer tokenizer) =>
        tokenizer is LanguageModelTokenizer ours ? ours.SpecialTokens : new SpecialTokenIds();

    private static void CopyWeights(DecoderModel from, DecoderModel to)
    {
        using var guard = no_grad();
        to.Parameters.Values.copy_(from.Parameters.Values);
        to.Parameters.RefreshCompute();
    }

    /// <summary>Another library's tokenizer has no file to take a fingerprint of: what it makes of a sentence stands for it.</summary>
    private string TokenizerFingerprint()
    {
        if (Tokenizer is LanguageModelTokenizer ours)
            return ours.Fingerprint;
        var ids = Tokenizer.EncodeToIds("The quick brown fox jumps over 13 lazy dogs.\n\tfür(i=0; i<10; i++) {}");
        return $"{Tokenizer.GetType().FullName}:{string.Join(',', ids.Select(static id => id.ToString(CultureInfo.InvariantCulture)))}";
    }

    private static unsafe string WeightsFingerprint(Tensor values)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        const long slice = 1 << 28;
        var memory = TensorMemory.Floats(values);
        for (long done = 0; done < values.numel(); done += slice)
            hash.AppendData(new ReadOnlySpan<byte>((byte*)(memory + done), (int)(Math.Min(slice, values.numel() - done) * sizeof(float))));
        GC.KeepAlive(values);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
