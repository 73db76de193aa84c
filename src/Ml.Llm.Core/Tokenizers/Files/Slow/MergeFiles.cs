namespace Ml.Llm.Tokenization;

/// <summary>BPE tokenizers from vocab.json and merges.txt, as Transformers' converters build them: GPT-2, RoBERTa, CLIP, GPT-1 and Qwen2.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class MergeFiles
{
    public const string Vocabulary = "vocab.json";
    public const string Merges = "merges.txt";

    private const string Bos = "bos_token";
    private const string Eos = "eos_token";
    private const string Unknown = "unk_token";
    private const string EndOfText = "<|endoftext|>";
    private const string WordSuffix = "</w>";
    private const string ClipPattern = @"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+";

    private static readonly ByteLevelOptions s_usual = new();
    private static readonly SpecialTokenDefaults s_gpt2 = new(MaskStripsLeft: false, (Bos, EndOfText), (Eos, EndOfText), (Unknown, EndOfText));
    private static readonly SpecialTokenDefaults s_qwen2 = new(MaskStripsLeft: false, (Eos, EndOfText), (Unknown, EndOfText), ("pad_token", EndOfText));
    private static readonly SpecialTokenDefaults s_gpt1 = new(MaskStripsLeft: false, (Unknown, "<unk>"));
    private static readonly SpecialTokenDefaults s_clip = new(
        MaskStripsLeft: false, (Bos, "<|startoftext|>"), (Eos, EndOfText), (Unknown, EndOfText), ("pad_token", EndOfText));

    private static readonly SpecialTokenDefaults s_roberta = new(
        MaskStripsLeft: true,
        (Bos, "<s>"), (Eos, "</s>"), (Unknown, "<unk>"), ("sep_token", "</s>"), ("pad_token", "<pad>"), ("cls_token", "<s>"), ("mask_token", "<mask>"));

    /// <summary>The classes of Transformers that are built so.</summary>
    public static IReadOnlyList<string> Classes { get; } =
    [
        "GPT2Tokenizer", "CodeGenTokenizer", "RobertaTokenizer", "BartTokenizer", "LongformerTokenizer", "LEDTokenizer", "CLIPTokenizer", "OpenAIGPTTokenizer",
        "Qwen2Tokenizer",
    ];

    /// <summary>Reads the tokenizer; a class that is not named is GPT-2's.</summary>
    /// <param name="files">The files.</param>
    /// <param name="vocabulary">The name of the vocabulary.</param>
    /// <exception cref="ModelFormatException">A file is broken or missing.</exception>
    public static TokenizerPipeline Read(SlowTokenizerFiles files, string vocabulary) => files.Settings.Class switch
    {
        "RobertaTokenizer" or "BartTokenizer" or "LongformerTokenizer" or "LEDTokenizer" => ReadRoberta(files, vocabulary),
        "CLIPTokenizer" => ReadClip(files, vocabulary),
        "OpenAIGPTTokenizer" => ReadGpt1(files, vocabulary),
        "Qwen2Tokenizer" => ReadQwen2(files, vocabulary),
        _ => ReadGpt2(files, vocabulary),
    };

    private static TokenizerPipeline ReadGpt2(SlowTokenizerFiles files, string vocabulary)
    {
        var settings = files.Settings;
        var defaults = settings.Class is null ? SpecialTokenDefaults.None : s_gpt2;
        var model = ReadModel(files, vocabulary, new BytePairModelOptions(), takesBytes: true);
        var added = defaults.Number(model, files);
        var bytes = s_usual with { AddPrefixSpace = settings.Switch("add_prefix_space") ?? false };
        IPostProcessor post = new ByteLevelPostProcessor(bytes with { TrimOffsets = false });
        if (settings.Switch("add_bos_token") == true)
        {
            var template = new FramingTemplate(added, files.PathOf(vocabulary));
            var bos = FramingTemplate.Token(template.Named(defaults.TokenOf(Bos, settings), Bos).Token);
            post = template.Of([bos, FramingTemplate.A], [bos, FramingTemplate.A, FramingTemplate.B(1)]);
        }

        return new TokenizerPipeline(added, normalizer: null, new ByteLevelPreTokenizer(bytes), model, post, new ByteLevelDecoder(s_usual));
    }

    private static TokenizerPipeline ReadRoberta(SlowTokenizerFiles files, string vocabulary)
    {
        var settings = files.Settings;
        var model = ReadModel(files, vocabulary, new BytePairModelOptions(), takesBytes: true);
        var added = s_roberta.Number(model, files);
        var prefix = settings.Switch("add_prefix_space") ?? false;
        return new TokenizerPipeline(
            added,
            normalizer: null,
            new ByteLevelPreTokenizer(s_usual with { AddPrefixSpace = prefix }),
            model,
            Frame(added, files, vocabulary, s_roberta, "sep_token", "cls_token", trimOffsets: true, prefix),
            new ByteLevelDecoder(s_usual));
    }

    private static TokenizerPipeline ReadClip(SlowTokenizerFiles files, string vocabulary)
    {
        var options = new BytePairModelOptions(
            s_clip.TokenOf(Unknown, files.Settings)?.Content, ContinuingSubwordPrefix: "", EndOfWordSuffix: WordSuffix);
        var model = ReadModel(files, vocabulary, options, takesBytes: true);
        var added = s_clip.Number(model, files);
        return new TokenizerPipeline(
            added,
            new SequenceNormalizer([new UnicodeNormalizer(NormalForm.Nfc), new ReplaceNormalizer(new GivenPattern(@"\s+", isExpression: true), " "), new LowercaseNormalizer()]),
            new SequencePreTokenizer(
            [
                new SplitPreTokenizer(new GivenPattern(ClipPattern, isExpression: true), SplitBehavior.Removed, invert: true),
                new ByteLevelPreTokenizer(s_usual with { AddPrefixSpace = false }),
            ]),
            model,
            Frame(added, files, vocabulary, s_clip, Eos, Bos, trimOffsets: false, addPrefixSpace: false),
            new ByteLevelDecoder(s_usual));
    }

    private static TokenizerPipeline ReadGpt1(SlowTokenizerFiles files, string vocabulary)
    {
        var options = new BytePairModelOptions(s_gpt1.TokenOf(Unknown, files.Settings)?.Content, EndOfWordSuffix: WordSuffix);
        var model = ReadModel(files, vocabulary, options, takesBytes: false);
        return new TokenizerPipeline(
            s_gpt1.Number(model, files),
            new BertNormalizer(new BertNormalizerOptions(CleanText: true, HandleChineseCharacters: true, StripAccents: null, Lowercase: true)),
            new BertPreTokenizer(),
            model,
            postProcessor: null,
            new BytePairDecoder(WordSuffix));
    }

    private static TokenizerPipeline ReadQwen2(SlowTokenizerFiles files, string vocabulary)
    {
        var model = ReadModel(files, vocabulary, new BytePairModelOptions(), takesBytes: true);
        var bytes = new ByteLevelOptions(files.Settings.Switch("add_prefix_space") ?? false, TrimOffsets: false, UseRegex: false);
        return new TokenizerPipeline(
            s_qwen2.Number(model, files),
            new UnicodeNormalizer(NormalForm.Nfc),
            new SequencePreTokenizer(
            [
                new SplitPreTokenizer(new GivenPattern(Cl100kPattern.Qwen2Text, isExpression: true), SplitBehavior.Isolated, invert: false),
                new ByteLevelPreTokenizer(bytes),
            ]),
            model,
            new ByteLevelPostProcessor(bytes with { AddPrefixSpace = false }),
            new ByteLevelDecoder(s_usual));
    }

    private static RobertaPostProcessor Frame(
        IReadOnlyList<AddedToken> added, SlowTokenizerFiles files, string vocabulary, SpecialTokenDefaults defaults, string sep, string cls, bool trimOffsets, bool addPrefixSpace)
    {
        var template = new FramingTemplate(added, files.PathOf(vocabulary));
        return new RobertaPostProcessor(
            template.Named(defaults.TokenOf(sep, files.Settings), sep), template.Named(defaults.TokenOf(cls, files.Settings), cls), trimOffsets, addPrefixSpace);
    }

    private static BytePairModel ReadModel(SlowTokenizerFiles files, string vocabulary, BytePairModelOptions options, bool takesBytes)
    {
        var ids = JsonPart.Read(files.ReadBytes(vocabulary), files.PathOf(vocabulary), VocabularyReader.ReadIds);
        if (ids.Count == 0) throw new ModelFormatException(files.PathOf(vocabulary), "the vocabulary is empty");
        var merges = files.Read(Merges, MergesTextReader.Read);
        try
        {
            return new BytePairModel(new BytePairVocabulary(ids, merges, options), takesBytes);
        }
        catch (FormatException problem)
        {
            throw new ModelFormatException(files.PathOf(Merges), problem.Message, problem);
        }
    }
}
