using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ml.Llm.Tokenization;

namespace Ml.Llm;

/// <summary>
/// Trains a new tokenizer like another one: normalizer, pre-tokenizer, post-processor, decoder, special tokens, kind of model
/// and its options stay, the vocabulary is learned anew.
/// </summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class SimilarTokenizerTrainer
{
    /// <summary>Trains a tokenizer.</summary>
    /// <param name="tokenizer">The tokenizer that it is to be like.</param>
    /// <param name="texts">The texts; read once, as a stream.</param>
    /// <param name="options">The options.</param>
    /// <param name="log">Takes finished lines about what was found; may be null.</param>
    /// <param name="progress">Takes the part that is done, from 0 to 1; may be null.</param>
    /// <param name="cancellationToken">Stops the training with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or the post-processor needs a token that is no special one.</exception>
    /// <exception cref="DataFormatException">A text is null, or there is no text at all.</exception>
    public static LanguageModelTokenizer Train(
        LanguageModelTokenizer tokenizer,
        IEnumerable<string> texts,
        SimilarTokenizerOptions options,
        Action<string>? log = null,
        Action<double>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();

        // A Unigram vocabulary keeps all added tokens, the others the special ones, as Transformers does.
        var pipeline = tokenizer.Pipeline;
        var added = pipeline.AddedTokens.Where(token => token.Special || pipeline.Model is UnigramModel).OrderBy(token => token.Id).ToList();
        added.AddRange(options.AdditionalSpecialTokens.Where(token => added.TrueForAll(known => known.Content != token)).Select(token => new AddedToken(0, token)));

        var words = TrainingCorpus.Count(
            texts, new TextPreparation(pipeline.Normalizer, pipeline.PreTokenizer, pipeline.Model.TakesBytes), options.Threads, log, cancellationToken);
        var model = Learn(pipeline, words, added.ConvertAll(token => token.Content), options, progress, cancellationToken);
        log?.Invoke(string.Create(CultureInfo.InvariantCulture, $"Tokenizer: {model.Count} tokens."));

        var files = tokenizer.ToFiles().ToDictionary(file => file.Name, file => file.Content);
        files[TokenizerFiles.Tokenizer] = Rewrite(files[TokenizerFiles.Tokenizer], model, added);
        return LanguageModelTokenizer.FromFiles(files.GetValueOrDefault, "", names: files.Keys);
    }

    private static ITokenModel Learn(
        TokenizerPipeline pipeline,
        WordTable words,
        List<string> specialTokens,
        SimilarTokenizerOptions options,
        Action<double>? progress,
        CancellationToken cancellationToken)
    {
        switch (pipeline.Model)
        {
            case BytePairModel model:
                var bytePair = model.Vocabulary.Options;
                var merges = LearnMerges(bytePair.ContinuingSubwordPrefix, bytePair.EndOfWordSuffix);
                return new BytePairModel(new BytePairVocabulary(merges.Ids, merges.Merges.ToList(), bytePair), model.TakesBytes);
            case WordPieceModel model:
                return new WordPieceModel(LearnMerges(model.Options.ContinuingSubwordPrefix, suffix: null).Ids, model.Options);
            case WordLevelModel model:
                return new WordLevelModel(WordLevelTrainer.Learn(words, specialTokens, options.VocabularySize, options.MinFrequency), model.UnknownToken!);
            case UnigramModel model:
                var learning = new UnigramLearning
                {
                    VocabularySize = options.VocabularySize,
                    SpecialTokens = specialTokens,
                    UnknownToken = model.UnknownToken,
                    Threads = options.Threads ?? Environment.ProcessorCount,
                };
                var learned = new UnigramLearner(learning, progress, cancellationToken).Learn(words);
                return new UnigramModel(new UnigramVocabulary(learned.Tokens, model.Vocabulary.Options with { UnknownId = learned.UnknownId }));
            default:
                throw new NotSupportedException($"There is no trainer for the model {pipeline.Model.GetType().Name}.");
        }

        LearnedVocabulary LearnMerges(string? prefix, string? suffix) => BytePairLearner.Learn(
            words,
            new BytePairLearning
            {
                VocabularySize = options.VocabularySize,
                MinFrequency = options.MinFrequency,
                SpecialTokens = specialTokens,
                InitialAlphabet = HasByteLevel(pipeline.PreTokenizer) ? BytePairLearner.AllBytes : [],
                ContinuingSubwordPrefix = prefix ?? "",
                EndOfWordSuffix = suffix ?? "",
                AsBytes = pipeline.Model.TakesBytes,
            },
            progress,
            cancellationToken);
    }

    /// <summary>Whether a pre-tokenizer, or one of a sequence, turns text into the byte alphabet.</summary>
    private static bool HasByteLevel(IPreTokenizer? preTokenizer)
    {
        if (preTokenizer is null) return false;
        var json = JsonNode.Parse(BytesOf(preTokenizer))!;
        var parts = json["pretokenizers"] is JsonArray several ? several : new JsonArray(json);
        return parts.Any(part => (string?)part!["type"] == "ByteLevel");
    }

    /// <summary>The old tokenizer.json with the new model, and the ids of special tokens wherever they stand.</summary>
    private static byte[] Rewrite(byte[] file, ITokenModel model, List<AddedToken> added)
    {
        var json = JsonNode.Parse(file)!;
        json["model"] = JsonNode.Parse(BytesOf(model));
        var tokens = new JsonArray();
        foreach (var token in added)
        {
            var output = new JsonOutput();
            (token with { Id = model.IdOf(token.Content)!.Value }).WriteTo(output);
            tokens.Add(JsonNode.Parse(output.ToBytes()));
        }

        json["added_tokens"] = tokens;
        Renumber(json["post_processor"], model);
        if (json["padding"] is JsonObject padding) padding["pad_id"] = IdOf((string?)padding["pad_token"], model, "padding");
        return JsonSerializer.SerializeToUtf8Bytes(json);
    }

    private static void Renumber(JsonNode? processor, ITokenModel model)
    {
        if (processor is not JsonObject part) return;
        foreach (var inner in part["processors"] as JsonArray ?? []) Renumber(inner, model);
        foreach (var name in new[] { "sep", "cls" })
        {
            if (part[name] is JsonArray { Count: 2 } pair) pair[1] = IdOf((string?)pair[0], model, "post-processor");
        }

        foreach (var (_, token) in part["special_tokens"] as JsonObject ?? [])
        {
            var texts = (JsonArray)token!["tokens"]!;
            token["ids"] = new JsonArray([.. texts.Select(text => (JsonNode)IdOf((string?)text, model, "post-processor"))]);
        }
    }

    private static int IdOf(string? token, ITokenModel model, string user) => (token is null ? null : model.IdOf(token)) ?? throw new ArgumentException(
        $"The tokenizer's {user} needs the token \"{token}\", which the new vocabulary lacks: it is no special token. Add it to AdditionalSpecialTokens.",
        nameof(token));

    private static byte[] BytesOf(ITokenizerPart part)
    {
        var output = new JsonOutput();
        part.WriteTo(output);
        return output.ToBytes();
    }
}
