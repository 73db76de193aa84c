using System.Globalization;

namespace Ml.Llm.Tokenization;

/// <summary>Tokenizers from SentencePiece models, as Transformers' converters build them: T5, ALBERT, XLM-R, LLaMA, Gemma, and by the model's own options.</summary>
/// <remarks>
/// The result is the converted tokenizer, not SentencePiece itself. The two give other ids where text holds what the table of
/// replacements maps across characters (see <see cref="PrecompiledNormalizer"/>), where text lies around special tokens, and
/// where unknown characters or runs of spaces meet; then the converted one is followed, since models are used with it.
/// </remarks>
/// <threadsafety>Pure functions.</threadsafety>
internal static class SentencePieceFiles
{
    private const string Bos = "bos_token";
    private const string Eos = "eos_token";
    private const string Pad = "pad_token";
    private const string Unknown = "unk_token";
    private const string Cls = "cls_token";
    private const string Sep = "sep_token";
    private const string Mask = "mask_token";

    // Transformers takes the first pieces of these two families for tokens of other places.
    private const int OwnFirstPieces = 3;
    private const int UsualSentinels = 100;
    private const float NumberCommaPenalty = 100;

    private static readonly SpecialTokenDefaults s_t5 = new(MaskStripsLeft: false, (Eos, "</s>"), (Unknown, "<unk>"), (Pad, "<pad>"));
    private static readonly SpecialTokenDefaults s_llama = new(MaskStripsLeft: false, (Bos, "<s>"), (Eos, "</s>"), (Unknown, "<unk>"));
    private static readonly SpecialTokenDefaults s_gemma = new(MaskStripsLeft: false, (Bos, "<bos>"), (Eos, "<eos>"), (Unknown, "<unk>"), (Pad, "<pad>"));
    private static readonly SpecialTokenDefaults s_albert = new(
        MaskStripsLeft: true, (Bos, "[CLS]"), (Eos, "[SEP]"), (Unknown, "<unk>"), (Sep, "[SEP]"), (Pad, "<pad>"), (Cls, "[CLS]"), (Mask, "[MASK]"));

    private static readonly SpecialTokenDefaults s_xlmRoberta = new(
        MaskStripsLeft: true, (Bos, "<s>"), (Eos, "</s>"), (Unknown, "<unk>"), (Sep, "</s>"), (Pad, "<pad>"), (Cls, "<s>"), (Mask, "<mask>"));

    /// <summary>The names that these files have, the most usual first.</summary>
    public static IReadOnlyList<string> Names { get; } = ["spiece.model", "tokenizer.model", "sentencepiece.bpe.model", "sentencepiece.model"];

    /// <summary>The classes of Transformers that are built so.</summary>
    public static IReadOnlyList<string> Classes { get; } = ["T5Tokenizer", "AlbertTokenizer", "XLMRobertaTokenizer", "LlamaTokenizer", "GemmaTokenizer"];

    /// <summary>Reads the tokenizer; where no class is named, the options of the model decide.</summary>
    /// <param name="files">The files.</param>
    /// <param name="name">The name of the model.</param>
    /// <exception cref="ModelFormatException">A file is broken, or asks for what is not known.</exception>
    public static TokenizerPipeline Read(SlowTokenizerFiles files, string name) =>
        Build(SentencePieceReader.Read(files.ReadBytes(name), files.PathOf(name)), files, files.PathOf(name));

    /// <summary>Builds the tokenizer of a model that was read.</summary>
    public static TokenizerPipeline Build(SentencePieceFile model, SlowTokenizerFiles files, string file) => files.Settings.Class switch
    {
        "T5Tokenizer" => BuildT5(model, files, file),
        "AlbertTokenizer" => BuildAlbert(model, files, file),
        "XLMRobertaTokenizer" => BuildXlmRoberta(model, files, file),
        "LlamaTokenizer" => BuildLlama(model, files, file),
        "GemmaTokenizer" => BuildGemma(model, files, file),
        _ => BuildByOptions(model, files, file),
    };

    private static TokenizerPipeline BuildT5(SentencePieceFile model, SlowTokenizerFiles files, string file)
    {
        var settings = files.Settings;
        var named = settings.Additional.Count(token => token.Content.StartsWith("<extra_id_", StringComparison.Ordinal));
        var sentinels = settings.ExtraIds ?? (named > 0 ? named : UsualSentinels);
        var extra = Enumerable.Range(0, sentinels).Select(static number => string.Create(CultureInfo.InvariantCulture, $"<extra_id_{number}>")).ToList();
        var pieces = model.Pieces.Concat(Enumerable.Reverse(extra).Select(static token => new SentencePiece(token, 0, SentencePieceType.UserDefined)));
        var parts = new SentencePieceParts(model with { Pieces = pieces.ToList() }, file);
        var unigram = parts.Model(model.UnknownId);

        // Each sentinel is special, whether the files list it or not.
        var added = s_t5.Number(unigram, files, [.. model.CutOut, .. extra.Select(static token => new AddedToken(0, token))]);
        var template = new FramingTemplate(added, file);
        var end = FramingTemplate.Token(template.Named(s_t5.TokenOf(Eos, settings), Eos).Token);
        TemplatePiece[] single = [FramingTemplate.A, end];
        var scheme = settings.Switch("legacy") == false ? PrependScheme.First : PrependScheme.Always;
        return new TokenizerPipeline(
            added,
            scheme == PrependScheme.First ? parts.NormalizerByOptions() : parts.CharacterMap(),
            scheme == PrependScheme.First ? parts.Metaspace(scheme, split: true) : parts.WordsWithMarks(),
            unigram,
            template.Of(single, [.. single, FramingTemplate.B(0), end]),
            parts.MetaspaceDecoder(scheme));
    }

    private static TokenizerPipeline BuildAlbert(SentencePieceFile model, SlowTokenizerFiles files, string file)
    {
        // Pieces such as "3," shall be parted.
        var pieces = model.Pieces.Select(static piece => EndsInNumberComma(piece.Text) ? piece with { Score = piece.Score - NumberCommaPenalty } : piece);
        var parts = new SentencePieceParts(model with { Pieces = pieces.ToList() }, file);
        var settings = files.Settings;
        List<INormalizer> steps = [SentencePieceParts.Replace("``", "\""), SentencePieceParts.Replace("''", "\"")];
        if (settings.Switch("keep_accents") != true) steps.AddRange([new UnicodeNormalizer(NormalForm.Nfkd), new StripAccentsNormalizer()]);
        if (settings.Switch("do_lower_case") ?? true) steps.Add(new LowercaseNormalizer());
        if (parts.CharacterMap() is { } map) steps.Add(map);
        steps.Add(SentencePieceParts.SpacesAsOne());

        var unigram = parts.Model(model.UnknownId);
        var added = s_albert.Number(unigram, files, model.CutOut);
        var template = new FramingTemplate(added, file);
        var cls = FramingTemplate.Token(template.Named(s_albert.TokenOf(Cls, settings), Cls).Token);
        var sep = template.Named(s_albert.TokenOf(Sep, settings), Sep).Token;
        TemplatePiece[] single = [cls, FramingTemplate.A, FramingTemplate.Token(sep)];
        return new TokenizerPipeline(
            added,
            new SequenceNormalizer(steps),
            parts.Metaspace(PrependScheme.Always, split: true),
            unigram,
            template.Of(single, [.. single, FramingTemplate.B(1), FramingTemplate.Token(sep, 1)]),
            parts.MetaspaceDecoder(PrependScheme.Always));
    }

    private static TokenizerPipeline BuildXlmRoberta(SentencePieceFile model, SlowTokenizerFiles files, string file)
    {
        RequireOwnFirstPieces(model, file);
        List<SentencePiece> pieces =
        [
            new("<s>", 0, SentencePieceType.Control), new("<pad>", 0, SentencePieceType.Control), new("</s>", 0, SentencePieceType.Control),
            new("<unk>", 0, SentencePieceType.Unknown), .. model.Pieces.Skip(OwnFirstPieces), new("<mask>", 0, SentencePieceType.UserDefined),
        ];
        var parts = new SentencePieceParts(model with { Pieces = pieces }, file);
        var unigram = parts.Model(unknownId: OwnFirstPieces);
        var added = s_xlmRoberta.Number(unigram, files, model.CutOut);
        var template = new FramingTemplate(added, file);
        var begin = FramingTemplate.Token(template.Named(s_xlmRoberta.TokenOf(Cls, files.Settings), Cls).Token);
        var end = FramingTemplate.Token(template.Named(s_xlmRoberta.TokenOf(Sep, files.Settings), Sep).Token);
        TemplatePiece[] single = [begin, FramingTemplate.A, end];
        return new TokenizerPipeline(
            added,
            parts.CharacterMap(),
            parts.WordsWithMarks(),
            unigram,
            template.Of(single, [.. single, end, FramingTemplate.B(0), end]),
            parts.MetaspaceDecoder(PrependScheme.Always));
    }

    private static TokenizerPipeline BuildLlama(SentencePieceFile model, SlowTokenizerFiles files, string file)
    {
        var settings = files.Settings;
        var parts = new SentencePieceParts(model with { FallsBackToBytes = true }, file);
        var tokens = parts.Model(model.UnknownId);
        var added = s_llama.Number(tokens, files, model.CutOut);
        var prefix = settings.Switch("add_prefix_space") ?? true;
        var legacy = settings.Switch("legacy") ?? true;
        INormalizer mark = SentencePieceParts.Replace(" ", SentencePieceParts.Mark);
        return new TokenizerPipeline(
            added,
            !legacy ? null : new SequenceNormalizer(prefix ? [new PrependNormalizer(SentencePieceParts.Mark), mark] : [mark]),
            legacy ? null : parts.Metaspace(prefix ? PrependScheme.First : PrependScheme.Never, split: false),
            tokens,
            Frame(added, files, s_llama, file),
            parts.ByteDecoder(stripsFirst: prefix));
    }

    private static TokenizerPipeline BuildGemma(SentencePieceFile model, SlowTokenizerFiles files, string file)
    {
        RequireOwnFirstPieces(model, file);
        var settings = files.Settings;
        string[] first = [Pad, Eos, Bos];
        var pieces = model.Pieces.Select((piece, id) => piece with
        {
            Text = id < OwnFirstPieces ? s_gemma.TokenOf(first[id], settings)?.Content ?? piece.Text
                : piece.Text == UnknownTokens.NameOfByte('\t') ? "\t"
                : piece.Text,
        });
        var parts = new SentencePieceParts(model with { Pieces = pieces.ToList(), FallsBackToBytes = true }, file);
        var tokens = parts.Model(unknownId: OwnFirstPieces);
        var cutOut = model.CutOut.Select(static token => token with { Special = token.Special || token.Content is "<start_of_turn>" or "<end_of_turn>" });
        var added = s_gemma.Number(tokens, files, cutOut);
        return new TokenizerPipeline(
            added,
            SentencePieceParts.Replace(" ", SentencePieceParts.Mark),
            new SplitPreTokenizer(new GivenPattern(" ", isExpression: false), SplitBehavior.MergedWithPrevious, invert: false),
            tokens,
            Frame(added, files, s_gemma, file),
            parts.ByteDecoder(stripsFirst: false));
    }

    private static TokenizerPipeline BuildByOptions(SentencePieceFile model, SlowTokenizerFiles files, string file)
    {
        var settings = files.Settings;
        var parts = new SentencePieceParts(model, file);
        var tokens = parts.Model(model.UnknownId);
        var added = SpecialTokenDefaults.None.Number(tokens, files, model.CutOut);
        var prefix = settings.Switch("add_prefix_space") ?? model.AddsDummyPrefix;
        var frames = settings.Switch("add_bos_token") == true || settings.Switch("add_eos_token") == true;
        var post = frames ? Frame(added, files, SpecialTokenDefaults.None, file) : null;
        return model.TreatsWhiteSpaceAsSuffix
            ? new TokenizerPipeline(added, parts.NormalizerBySuffix(prefix), parts.WordsBeforeMarks(), tokens, post, parts.SuffixDecoder(stripsLast: prefix))
            : new TokenizerPipeline(
                added,
                parts.NormalizerByOptions(),
                parts.Metaspace(prefix ? PrependScheme.Always : PrependScheme.Never, split: !model.IsBytePair),
                tokens,
                post,
                parts.ByteDecoder(stripsFirst: prefix));
    }

    private static TemplatePostProcessor? Frame(IReadOnlyList<AddedToken> added, SlowTokenizerFiles files, SpecialTokenDefaults defaults, string file)
    {
        var settings = files.Settings;
        var template = new FramingTemplate(added, file);
        var begin = settings.Switch("add_bos_token") ?? (defaults.Tokens.Length > 0) ? template.Named(defaults.TokenOf(Bos, settings), Bos) : null;
        var end = settings.Switch("add_eos_token") == true ? template.Named(defaults.TokenOf(Eos, settings), Eos) : null;
        return template.AroundEach(begin, end);
    }

    private static void RequireOwnFirstPieces(SentencePieceFile model, string file)
    {
        if (model.Pieces.Count <= OwnFirstPieces) throw new ModelFormatException(file, $"a model of this class has more than {OwnFirstPieces} pieces, but this one has {model.Pieces.Count}");
    }

    private static bool EndsInNumberComma(string piece) =>
        piece.Length > 1 && piece[^1] == ',' && CharUnicodeInfo.GetDigitValue(piece, char.IsLowSurrogate(piece[^2]) && piece.Length > 2 ? piece.Length - 3 : piece.Length - 2) >= 0;
}
