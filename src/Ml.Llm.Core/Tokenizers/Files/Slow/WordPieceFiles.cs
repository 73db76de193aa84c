namespace Ml.Llm.Tokenization;

/// <summary>BERT's tokenizer from vocab.txt, as Transformers' converter builds it.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class WordPieceFiles
{
    public const string Vocabulary = "vocab.txt";

    private const string Unknown = "unk_token";

    private static readonly SpecialTokenDefaults s_defaults = new(
        MaskStripsLeft: false,
        (Unknown, "[UNK]"), ("sep_token", "[SEP]"), ("pad_token", "[PAD]"), ("cls_token", "[CLS]"), ("mask_token", "[MASK]"));

    /// <summary>The classes of Transformers that are built so.</summary>
    public static IReadOnlyList<string> Classes { get; } =
        ["BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer", "LayoutLMTokenizer", "MobileBertTokenizer", "SqueezeBertTokenizer"];

    /// <summary>Reads the tokenizer.</summary>
    /// <param name="files">The files.</param>
    /// <param name="vocabulary">The name of the vocabulary.</param>
    /// <exception cref="ModelFormatException">A file is broken, or asks for what is not known.</exception>
    public static TokenizerPipeline Read(SlowTokenizerFiles files, string vocabulary)
    {
        var (file, settings) = (files.PathOf(vocabulary), files.Settings);
        if (settings.Switch("do_basic_tokenize") == false)
            throw new ModelFormatException(files.PathOf(TokenizerFiles.Config), "do_basic_tokenize: false is not supported; convert the tokenizer to tokenizer.json");
        var ids = files.Read(vocabulary, static (stream, path) => VocabularyTextReader.Read(stream, path));
        var unknown = s_defaults.TokenOf(Unknown, settings)
            ?? throw new ModelFormatException(file, "a WordPiece model needs an unknown token; name it as unk_token in tokenizer_config.json");
        if (!ids.ContainsKey(unknown.Content))
            throw new ModelFormatException(file, $"the unknown token \"{unknown.Content}\" is not in the vocabulary; add it, or name another one as unk_token in tokenizer_config.json");
        return Build(ids, unknown.Content, s_defaults, files, file);
    }

    /// <summary>Builds the tokenizer of a vocabulary that holds its unknown token.</summary>
    public static TokenizerPipeline Build(Dictionary<string, int> ids, string unknown, SpecialTokenDefaults defaults, SlowTokenizerFiles files, string file)
    {
        var settings = files.Settings;
        var model = new WordPieceModel(ids, new WordPieceModelOptions(unknown));
        var added = defaults.Number(model, files);
        var template = new FramingTemplate(added, file);
        var cls = template.Named(defaults.TokenOf("cls_token", settings), "cls_token").Token;
        var sep = template.Named(defaults.TokenOf("sep_token", settings), "sep_token").Token;
        TemplatePiece[] single = [FramingTemplate.Token(cls), FramingTemplate.A, FramingTemplate.Token(sep)];
        return new TokenizerPipeline(
            added,
            new BertNormalizer(new BertNormalizerOptions(
                CleanText: true, settings.Switch("tokenize_chinese_chars") ?? true, settings.Switch("strip_accents"), settings.Switch("do_lower_case") ?? true)),
            new BertPreTokenizer(),
            model,
            template.Of(single, [.. single, FramingTemplate.B(1), FramingTemplate.Token(sep, 1)]),
            new WordPieceDecoder("##", cleanup: true));
    }
}
